for (const th of document.querySelectorAll("th")) {
  th.classList.add("sortable");
  th.addEventListener("click", () => {
    const body = th.closest("table").tBodies[0], column = th.cellIndex, up = th.dataset.up !== "true";
    th.dataset.up = up;
    const key = (row) => row.cells[column].textContent;
    const compare = (a, b) => {
      const [x, y] = [parseFloat(key(a)), parseFloat(key(b))];
      return Number.isNaN(x) || Number.isNaN(y) ? key(a).localeCompare(key(b)) : x - y;
    };
    [...body.rows].sort((a, b) => (up ? 1 : -1) * compare(a, b)).forEach((row) => body.append(row));
  });
}
