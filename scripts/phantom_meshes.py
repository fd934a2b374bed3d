"""Writes the bones of crates/xray-phantom/assets from the meshes of PyPI myo-sim 0.2.4 (Apache-2.0).

    pip install mujoco numpy myo-sim==0.2.4
    python scripts/phantom_meshes.py hand crates/xray-phantom/assets/hand.bones
    python scripts/phantom_meshes.py arm crates/xray-phantom/assets/arm.bones
    python scripts/phantom_meshes.py leg crates/xray-phantom/assets/leg.bones

The elbow model poses the meshes; the right hand, carpus and distal forearm are taken. Open ends are closed,
the coarse forearm is subdivided (Loop) and cut, the dense hand is thinned by vertex clustering (which keeps a
closed surface closed), and everything is moved into one frame in millimetres: origin between radius and
capitate, x to the thumb, y to the finger tips, z to the palm. Coordinates are quantised to 16 bits a bone.

Arm and leg hang down as the chains of the same package pose them, the forearm supinated: x to the patient's left,
y up, z to the front, origin at the elbow and at the knee. Both are of the right side; of the sacrum with the coccyx the right
half is kept, closed at the middle of the body.

File, little endian: b"OSBM\\x01", u8 bones; then a bone: u8 length + name, u8 parent (255 = none), f32x3 joint,
f32x3 long axis (unit, distal), f32x3 lower corner, f32x3 upper corner, u16 vertices, u16 triangles,
u16x3 a vertex (0..65535 between the corners), u16x3 a triangle.
"""
import os
import struct
import sys
from collections import defaultdict
from xml.etree import ElementTree

import mujoco
import myo_sim
import numpy as np

FOREARM_MM = 105.0  # how much of radius and ulna is kept
SUPINATION = 90.0  # degrees from the pose of the chain, thumb forward, to the palm forward
TRIANGLES = 1400  # aimed at, a bone
CARPALS = ["scaphoid", "lunate", "triquetrum", "pisiform", "trapezium", "trapezoid", "capitate", "hamate"]


def bones():
    """(name here, name there, name of the parent)"""
    yield "radius", "radius", None
    yield "ulna", "ulna", None
    for name in CARPALS:
        yield name, name, "radius"
    for ray in range(1, 6):
        yield f"metacarpal_{ray}", f"{ray}mc", "trapezium" if ray == 1 else "capitate"
        thumb = ray == 1
        yield f"proximal_phalanx_{ray}", "thumbprox" if thumb else f"{ray}proxph", f"metacarpal_{ray}"
        if not thumb:
            yield f"middle_phalanx_{ray}", f"{ray}midph", f"proximal_phalanx_{ray}"
        last = f"proximal_phalanx_{ray}" if thumb else f"middle_phalanx_{ray}"
        yield f"distal_phalanx_{ray}", "thumbdist" if thumb else f"{ray}distph", last


def posed_meshes():
    path = os.path.join(os.path.dirname(myo_sim.__file__), "models/legacy/elbow/myoelbow_1dof6muscles.xml")
    model = mujoco.MjModel.from_xml_path(path)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    found = {}
    for g in range(model.ngeom):
        if model.geom_type[g] != mujoco.mjtGeom.mjGEOM_MESH:
            continue
        k = model.geom_dataid[g]
        name = mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_MESH, k)
        v0, f0 = model.mesh_vertadr[k], model.mesh_faceadr[k]
        v = model.mesh_vert[v0:v0 + model.mesh_vertnum[k]]
        f = model.mesh_face[f0:f0 + model.mesh_facenum[k]]
        world = v @ data.geom_xmat[g].reshape(3, 3).T + data.geom_xpos[g]
        found[name] = (world * 1000.0, f.astype(np.int64))
    return found


def weld(v, f, cell):
    """One vertex a grid cell, the mean of those in it; triangles that collapse are dropped."""
    _, inverse = np.unique(np.floor(v / cell).astype(np.int64), axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    count = np.bincount(inverse)
    mean = np.stack([np.bincount(inverse, v[:, i]) / count for i in range(3)], 1)
    f = inverse[f]
    return mean, f[(f[:, 0] != f[:, 1]) & (f[:, 1] != f[:, 2]) & (f[:, 2] != f[:, 0])]


def close(v, f):
    """Closes the open edges, each connected group of them with a fan from its middle."""
    balance = defaultdict(int)
    for a, b, c in f:
        for p, q in ((a, b), (b, c), (c, a)):
            balance[(p, q)] += 1
            balance[(q, p)] -= 1
    missing = [(q, p) for (p, q), n in balance.items() for _ in range(max(n, 0))]
    group = {p: p for edge in missing for p in edge}

    def root(p):
        while group[p] != p:
            p = group[p]
        return p

    for p, q in missing:
        group[root(p)] = root(q)
    rings = defaultdict(set)
    for p in group:
        rings[root(p)].add(p)
    middle = {r: len(v) + i for i, r in enumerate(rings)}
    if rings:
        v = np.vstack([v] + [v[list(ring)].mean(0) for ring in rings.values()])
        f = np.vstack([f] + [(p, q, middle[root(p)]) for p, q in missing])
    return v, f


def loop_subdivide(v, f):
    """One step of Loop's scheme on a closed mesh."""
    opposite, around = defaultdict(list), defaultdict(set)
    for a, b, c in f:
        for p, q, r in ((a, b, c), (b, c, a), (c, a, b)):
            opposite[(min(p, q), max(p, q))].append(r)
            around[p] |= {q, r}
    even = v.copy()
    for p, ring in around.items():
        n = len(ring)
        beta = 3 / 16 if n == 3 else 3 / (8 * n)
        even[p] = (1 - n * beta) * v[p] + beta * v[list(ring)].sum(0)
    number, odd = {}, []
    for (p, q), rest in opposite.items():
        number[(p, q)] = len(v) + len(odd)
        odd.append(0.375 * (v[p] + v[q]) + 0.25 * v[rest].mean(0))
    faces = []
    for a, b, c in f:
        ab, bc, ca = (number[(min(p, q), max(p, q))] for p, q in ((a, b), (b, c), (c, a)))
        faces += [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    return np.vstack([even, odd]), np.array(faces)


def cut_proximal(v, f, lowest, axis=1):
    """Keeps what lies above lowest (along y, or another axis), flattened onto it, and closes the cut."""
    f = f[(v[f][:, :, axis] > lowest).any(1)]
    used, inverse = np.unique(f, return_inverse=True)
    v = v[used].copy()
    v[:, axis] = np.maximum(v[:, axis], lowest)
    return close(v, inverse.reshape(-1, 3))


def right_half(v, f):
    """What lies to the right of x = 0; the surface keeps its outside."""
    v, f = cut_proximal(v * [-1, 1, 1], f[:, ::-1], 0.0, axis=0)
    return v * [-1, 1, 1], f[:, ::-1]


def volume(v, f):
    a, b, c = (v[f[:, i]] for i in range(3))
    return np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6


def open_edges(f):
    balance = defaultdict(int)
    for a, b, c in f:
        for p, q in ((a, b), (b, c), (c, a)):
            balance[(min(p, q), max(p, q))] += 1 if p < q else -1
    return sum(1 for n in balance.values() if n)


def hand(out):
    found = posed_meshes()
    mesh = {here: found["arm_r_" + there] for here, there, _ in bones()}
    middle = {name: (v.min(0) + v.max(0)) / 2 for name, (v, _) in mesh.items()}
    y = middle["middle_phalanx_3"] - middle["capitate"]
    y /= np.linalg.norm(y)
    x = middle["metacarpal_2"] - middle["metacarpal_5"]
    x -= y * (x @ y)
    x /= np.linalg.norm(x)
    frame = np.stack([x, y, np.cross(x, y)])
    origin = middle["lunate"]
    posed = {}
    for name, (v, f) in mesh.items():
        v, f = close(*weld((v - origin) @ frame.T, f, 1e-3))
        if name in ("radius", "ulna"):
            v, f = loop_subdivide(*loop_subdivide(v, f))
            v, f = cut_proximal(v, f, v[:, 1].max() - FOREARM_MM)
        cell = 0.3
        while len(f) > TRIANGLES and name not in ("radius", "ulna"):
            v, f = weld(v, f, cell)
            cell *= 1.06
        v, f = close(v, f)
        if volume(v, f) < 0:
            f = f[:, ::-1]
        posed[name] = (v, f)

    def long_axis(name):
        v = posed[name][0]
        axis = np.linalg.svd(v - v.mean(0), full_matrices=False)[2][0]
        return axis * np.sign(axis[1])

    table = []
    for name, _, parent in bones():
        v, _ = posed[name]
        axis = long_axis(name) if "meta" in name or "phal" in name else np.array([0.0, 1.0, 0.0])
        joint = np.zeros(3) if name in CARPALS else v.mean(0) + axis * ((v - v.mean(0)) @ axis).min()
        table.append((name, parent, joint, axis))
    write(out, table, posed)


def write(out, table, posed):
    order = [row[0] for row in table]
    with open(out, "wb") as file:
        file.write(b"OSBM\x01" + struct.pack("<B", len(order)))
        for name, parent, joint, axis in table:
            v, f = posed[name]
            lo, hi = v.min(0), v.max(0)
            q = np.round((v - lo) / (hi - lo) * 65535).astype("<u2")
            file.write(struct.pack("<B", len(name)) + name.encode())
            file.write(struct.pack("<B", 255 if parent is None else order.index(parent)))
            for triple in (joint, axis, lo, hi):
                file.write(np.asarray(triple, "<f4").tobytes())
            file.write(struct.pack("<HH", len(v), len(f)) + q.tobytes() + f.astype("<u2").tobytes())
            print(f"{name:20} {len(v):5} {len(f):5} open {open_edges(f)} {volume(v, f) / 1000:6.2f} cm3 "
                  f"lo {np.round(lo)} hi {np.round(hi)}")


# (name here, file, body that carries it in the chain, name of the parent, steps of subdivision)
LIMBS = {
    "arm": [
        ("humerus", "humerus", "humerus_r", None, 2),
        ("scapula", "scapula", "scapula_r", None, 1),
        ("clavicle", "clavicle", "clavicle_r", None, 2),
        ("ulna", "ulna", "ulna_r", "humerus", 2),
        ("radius", "radius", "radius_r", "humerus", 2),
    ] + [(name, name, name + "_r", "radius", 0) for name in CARPALS],
    "leg": [
        ("femur", "r_femur", "femur_r", None, 1),
        ("hip_bone", "r_pelvis", "pelvis", None, 3),
        ("patella", "r_patella", "patella_r", "femur", 2),
        ("tibia", "r_tibia", "tibia_r", "femur", 2),
        ("fibula", "r_fibula", "tibia_r", "tibia", 2),
        ("talus", "r_talus", "talus_r", "tibia", 2),
        ("foot", "r_foot", "calcn_r", "talus", 1),
        ("toes", "r_bofoot", "toes_r", "foot", 1),
        ("sacrum", "sacrum", "pelvis", None, 2),
    ],
}


def chain(limb):
    """Where each body of a limb lies, in millimetres: x to the front, y up, z to the right."""
    root = os.path.join(os.path.dirname(myo_sim.__file__), "models", limb, "assets")
    file = {"arm": "myoarm_r_chain.xml", "leg": "myolegs_chain.xml"}[limb]
    places, pronation = {}, None

    def walk(node, at):
        nonlocal pronation
        for body in node.findall("body"):
            here = at + 1000.0 * np.array([float(n) for n in body.get("pos", "0 0 0").split()])
            places[body.get("name")] = here
            for joint in body.findall("joint"):
                if joint.get("name") == "pro_sup_r":
                    pronation = (here, np.array([float(n) for n in joint.get("axis").split()]))
            walk(body, here)

    walk(ElementTree.parse(os.path.join(root, file)).getroot(), np.zeros(3))
    return places, pronation


def read_stl(name):
    path = os.path.join(os.path.dirname(myo_sim.__file__), "models/meshes", name + ".stl")
    with open(path, "rb") as file:
        file.seek(80)
        (count,) = struct.unpack("<I", file.read(4))
        rows = np.frombuffer(file.read(50 * count), np.dtype([("v", "<f4", 12), ("a", "<u2")]))
    v = rows["v"].reshape(-1, 4, 3)[:, 1:].reshape(-1, 3).astype(float)
    return v * 1000.0, np.arange(3 * count).reshape(-1, 3)


def turned(v, center, axis, degrees):
    axis = axis / np.linalg.norm(axis)
    sin, cos = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    d = v - center
    return center + cos * d + sin * np.cross(axis, d) + (1 - cos) * np.outer(d @ axis, axis)


def limb(which, out):
    places, pronation = chain(which)
    posed = {}
    for name, stl, body, _, steps in LIMBS[which]:
        v, f = read_stl(stl)
        v = v + places[body]
        if which == "arm" and (name in CARPALS or name == "radius"):
            v = turned(v, *pronation, -SUPINATION)
        v, f = close(*weld(np.stack([-v[:, 2], v[:, 1], v[:, 0]], 1), f, 1e-2))
        for _ in range(steps):
            v, f = loop_subdivide(v, f)
        cell = 0.5
        while len(f) > (9600 if steps else 500):
            v, f = close(*weld(v, f, cell))
            cell *= 1.1
        if name == "sacrum":
            v, f = right_half(v, f)
        if volume(v, f) < 0:
            f = f[:, ::-1]
        posed[name] = (v, f)
    v = posed[LIMBS[which][0][0]][0]
    low = v[v[:, 1] < v[:, 1].min() + 12.0]
    origin = (low.min(0) + low.max(0)) / 2
    table = []
    for name, _, _, parent, _ in LIMBS[which]:
        v, f = posed[name]
        v = v - origin
        posed[name] = (v, f)
        axis = {"clavicle": [-1.0, 0.0, 0.0], "foot": [0.0, 0.0, 1.0], "toes": [0.0, 0.0, 1.0]}
        axis = np.array(axis.get(name, [0.0, -1.0, 0.0]))
        joint = v.mean(0) + axis * ((v - v.mean(0)) @ axis).min()
        table.append((name, parent, joint, axis))
    write(out, table, posed)


if __name__ == "__main__":
    if sys.argv[1] == "hand":
        hand(sys.argv[2])
    else:
        limb(sys.argv[1], sys.argv[2])
