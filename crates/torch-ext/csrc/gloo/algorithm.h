// Nothing of it is needed; see gloo/README.md.
#pragma once
