"""Writes crates/xray-phantom/assets/hand.bones from the bone meshes of PyPI myo-sim 0.2.4 (Apache-2.0).

    pip install mujoco numpy myo-sim==0.2.4
    python scripts/phantom_meshes.py crates/xray-phantom/assets/hand.bones

The elbow model poses the meshes; the right hand, carpus and distal forearm are taken. Open ends are closed,
the coarse forearm is subdivided (Loop) and cut, the dense hand is thinned by vertex clustering (which keeps a
closed surface closed), and everything is moved into one frame in millimetres: origin between radius and
capitate, x to the thumb, y to the finger tips, z to the palm. Coordinates are quantised to 16 bits a bone.

File, little endian: b"OSBM\\x01", u8 bones; then a bone: u8 length + name, u8 parent (255 = none), f32x3 joint,
f32x3 long axis (unit, distal), f32x3 lower corner, f32x3 upper corner, u16 vertices, u16 triangles,
u16x3 a vertex (0..65535 between the corners), u16x3 a triangle.
"""
import os
import struct
import sys
from collections import defaultdict

import mujoco
import myo_sim
import numpy as np

FOREARM_MM = 105.0  # how much of radius and ulna is kept
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


def cut_proximal(v, f, lowest):
    """Keeps what lies above y = lowest, flattened onto it, and closes the cut."""
    f = f[(v[f][:, :, 1] > lowest).any(1)]
    used, inverse = np.unique(f, return_inverse=True)
    v = v[used].copy()
    v[:, 1] = np.maximum(v[:, 1], lowest)
    return close(v, inverse.reshape(-1, 3))


def volume(v, f):
    a, b, c = (v[f[:, i]] for i in range(3))
    return np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6


def open_edges(f):
    balance = defaultdict(int)
    for a, b, c in f:
        for p, q in ((a, b), (b, c), (c, a)):
            balance[(min(p, q), max(p, q))] += 1 if p < q else -1
    return sum(1 for n in balance.values() if n)


def main(out):
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

    order = [name for name, _, _ in bones()]
    with open(out, "wb") as file:
        file.write(b"OSBM\x01" + struct.pack("<B", len(order)))
        for name, _, parent in bones():
            v, f = posed[name]
            axis = long_axis(name) if "meta" in name or "phal" in name else np.array([0.0, 1.0, 0.0])
            along = (v - v.mean(0)) @ axis
            joint = v.mean(0) + axis * along.min()
            if name in CARPALS:
                joint = np.zeros(3)
            lo, hi = v.min(0), v.max(0)
            q = np.round((v - lo) / (hi - lo) * 65535).astype("<u2")
            file.write(struct.pack("<B", len(name)) + name.encode())
            file.write(struct.pack("<B", 255 if parent is None else order.index(parent)))
            for triple in (joint, axis, lo, hi):
                file.write(np.asarray(triple, "<f4").tobytes())
            file.write(struct.pack("<HH", len(v), len(f)) + q.tobytes() + f.astype("<u2").tobytes())
            print(f"{name:20} {len(v):5} {len(f):5} open {open_edges(f)} {volume(v, f) / 1000:6.2f} cm3 "
                  f"lo {np.round(lo)} hi {np.round(hi)}")


if __name__ == "__main__":
    main(sys.argv[1])
