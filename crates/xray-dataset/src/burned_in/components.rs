/// A set of marked pixels that touch each other, corners included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Component {
    pub(super) left: usize,
    pub(super) top: usize,
    /// One more than the last column.
    pub(super) right: usize,
    /// One more than the last row.
    pub(super) bottom: usize,
    pub(super) pixels: usize,
}

impl Component {
    pub(super) fn width(&self) -> usize {
        self.right - self.left
    }

    pub(super) fn height(&self) -> usize {
        self.bottom - self.top
    }
}

/// The components of the pixels that are not 0, in the order of their first pixel; unmarks every pixel.
pub(super) fn components(marked: &mut [u8], width: usize) -> Vec<Component> {
    let height = marked.len() / width.max(1);
    let (mut found, mut open) = (Vec::new(), Vec::new());
    for start in 0..width * height {
        if marked[start] == 0 {
            continue;
        }
        let (x, y) = (start % width, start / width);
        let mut component = Component { left: x, top: y, right: x + 1, bottom: y + 1, pixels: 0 };
        marked[start] = 0;
        open.push((x, y));
        while let Some((x, y)) = open.pop() {
            component.pixels += 1;
            component.left = component.left.min(x);
            component.right = component.right.max(x + 1);
            component.bottom = component.bottom.max(y + 1);
            for near_y in y.saturating_sub(1)..(y + 2).min(height) {
                for near_x in x.saturating_sub(1)..(x + 2).min(width) {
                    let near = near_y * width + near_x;
                    if marked[near] != 0 {
                        marked[near] = 0;
                        open.push((near_x, near_y));
                    }
                }
            }
        }
        found.push(component);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_join_and_edges_of_the_picture_do_not() {
        let mut marked = [1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0].to_vec();
        let found = components(&mut marked, 4);
        let boxes: Vec<_> = found.iter().map(|c| (c.left, c.top, c.right, c.bottom, c.pixels)).collect();
        assert_eq!(boxes, [(0, 0, 2, 2, 2), (3, 0, 4, 2, 2)]);
        assert!(marked.iter().all(|pixel| *pixel == 0));
        assert!(components(&mut [], 0).is_empty());
    }
}
