"""A table that is told its rows again and again, and redraws only the cells that changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import DataTable
from textual.widgets.data_table import ColumnKey

Cell = str | Text


class RowTable(DataTable[Cell]):
    """Rows by key, in the order given; cursor and scroll stay where they are."""

    def __init__(self, columns: Sequence[str], *, id: str) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=True)
        self._columns = list(columns)
        self._shown: dict[str, Sequence[Cell]] = {}

    def on_mount(self) -> None:
        """Add the columns."""
        for column in self._columns:
            self.add_column(column, key=column, width=cell_len(column))

    @property
    def chosen(self) -> str | None:
        """The key of the row with the cursor."""
        if not self._shown or not self.is_valid_row_index(self.cursor_row):
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def tell(self, rows: Iterable[tuple[str, Sequence[Cell]]]) -> None:
        """Show these rows and no others."""
        wanted = dict(rows)
        kept = [key for key in self._shown if key in wanted]
        if [key for key in wanted if key in self._shown] != kept:
            self._lay_out_anew(wanted)
            return
        for key in [key for key in self._shown if key not in wanted]:
            self.remove_row(key)
            del self._shown[key]
        fresh = [key for key in wanted if key not in self._shown]
        if list(wanted)[: len(kept)] != kept:
            self._lay_out_anew(wanted)
            return
        for key in kept:
            self._update(key, wanted[key])
        for key in fresh:
            self.add_row(*wanted[key], key=key)
            self._make_room(wanted[key])
            self._shown[key] = wanted[key]

    def _update(self, key: str, cells: Sequence[Cell]) -> None:
        before = self._shown[key]
        if before == cells:
            return
        self._shown[key] = cells
        for column, old, new in zip(self._columns, before, cells, strict=True):
            if old != new:
                self.update_cell(key, column, new)
        self._make_room(cells)

    def _make_room(self, cells: Sequence[Cell]) -> None:
        """Widen columns for longer cells. Textual's own way measures all rows for each cell."""
        for name, cell in zip(self._columns, cells, strict=True):
            column = self.columns[ColumnKey(name)]
            width = cell.cell_len if isinstance(cell, Text) else cell_len(cell)
            if width > column.width:
                column.width = width
                self._require_update_dimensions = True
                self.refresh(layout=True)

    def _lay_out_anew(self, wanted: dict[str, Sequence[Cell]]) -> None:
        chosen, offset = self.chosen, self.scroll_offset
        self.clear()
        self._shown = wanted
        for key, cells in wanted.items():
            self.add_row(*cells, key=key)
            self._make_room(cells)
        if chosen in wanted:
            self.move_cursor(row=self.get_row_index(chosen), animate=False, scroll=False)
        self.scroll_to(offset.x, offset.y, animate=False)
