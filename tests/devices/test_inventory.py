"""What to send and what to delete, given what a device has: the rules alone."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from blendtui.devices.inventory import (
    Inventory,
    Plan,
    expendable,
    part_of,
    plan,
    read_inventory,
)
from blendtui.farm.project import ProjectFile

HASHES = [f"{number:064x}" for number in range(12)]
SIZES = {sha256: number * 1000 for number, sha256 in enumerate(HASHES)}
OTHERS = ["notes.txt", f"{HASHES[3]}.812.new", "a b", "A" * 64]

projects = st.lists(st.sampled_from(HASHES), max_size=20).map(
    lambda chosen: [ProjectFile(f"f/{n}", name, SIZES[name]) for n, name in enumerate(chosen)]
)
names = st.sampled_from([*HASHES, *map(part_of, HASHES), *OTHERS])
sizes = st.one_of(st.sampled_from(list(SIZES.values())), st.integers(0, 13_000))
inventories = st.builds(
    Inventory,
    free=st.one_of(st.none(), st.integers(0, 10**12)),
    files=st.dictionaries(names, sizes),
    kept=st.frozensets(st.sampled_from(HASHES)),
    stale=st.frozensets(names),
)


class TestPlan:
    @given(projects, inventories)
    def test_once_it_is_carried_out_everything_is_there_and_nothing_more_is_to_do(
        self, files: list[ProjectFile], inventory: Inventory
    ) -> None:
        todo = plan(files, inventory)
        after = {name: size for name, size in inventory.files.items() if name not in todo.spoiled}
        for upload in todo.uploads:
            assert after.get(part_of(upload.file.sha256), 0) == upload.offset
            after[part_of(upload.file.sha256)] = upload.offset + upload.left
        for file in files:
            assert file.size in (after.get(file.sha256), after.get(part_of(file.sha256)))
        again = plan(files, Inventory(None, after))
        assert again == Plan((), ())

    @given(projects, inventories)
    def test_no_content_travels_twice_and_none_that_is_there(
        self, files: list[ProjectFile], inventory: Inventory
    ) -> None:
        sent = [upload.file.sha256 for upload in plan(files, inventory).uploads]
        assert len(sent) == len(set(sent))
        assert all(inventory.files.get(name) != SIZES[name] for name in sent)

    @given(projects, inventories)
    def test_only_what_is_no_good_is_deleted(
        self, files: list[ProjectFile], inventory: Inventory
    ) -> None:
        for name in plan(files, inventory).spoiled:
            assert inventory.files[name] != SIZES[name[:64]]
            assert name in HASHES or inventory.files[name] > SIZES[name[:64]]


class TestExpendable:
    @given(inventories, st.integers(-5000, 80_000), st.sets(st.sampled_from(HASHES)))
    def test_what_is_kept_or_not_ours_stays(
        self, inventory: Inventory, goal: int, keep: set[str]
    ) -> None:
        for name in expendable(inventory, goal, keep):
            assert name in inventory.files
            assert name[:64] not in inventory.kept | keep
            assert name not in OTHERS or name in inventory.stale

    @given(inventories, st.integers(0, 80_000))
    def test_enough_goes_but_no_file_more_than_that(self, inventory: Inventory, goal: int) -> None:
        chosen = expendable(inventory, goal)
        freed = [inventory.files[name] for name in chosen if name not in inventory.stale]
        stale = sum(inventory.files[name] for name in chosen if name in inventory.stale)
        if freed:
            assert sum(freed[:-1]) < goal
        left = [
            name
            for name in inventory.files
            if name not in chosen and name[:64] not in inventory.kept and name not in OTHERS
        ]
        assert sum(freed) + stale >= goal or not left

    def test_the_least_recently_used_goes_first(self) -> None:
        files = {HASHES[3]: 10, part_of(HASHES[2]): 10, HASHES[1]: 10, HASHES[0]: 10}
        inventory = Inventory(None, files, kept=frozenset({HASHES[1]}))
        assert expendable(inventory, 0) == ()
        assert expendable(inventory, 10) == (HASHES[0],)
        assert expendable(inventory, 11) == (HASHES[0], part_of(HASHES[2]))
        assert expendable(inventory, 21, {HASHES[3]}) == (HASHES[0], part_of(HASHES[2]))


class TestReading:
    def test_free_space_and_files_are_read_in_their_order(self) -> None:
        printed = (
            "free map auto home 1000 400 600 40% /Volumes/My Disk 2\n"
            f"file 12 {HASHES[5]}\nfile 7 {HASHES[1]}.part\n"
            f"stale 7 {HASHES[1]}.part\nkept {HASHES[5]}\nwhatever else\n"
        )
        found = read_inventory(printed.encode())
        assert found.free == 600 * 1024
        assert list(found.files.items()) == [(HASHES[5], 12), (part_of(HASHES[1]), 7)]
        assert found.kept == {HASHES[5]}
        assert found.stale == {part_of(HASHES[1])}

    def test_a_device_that_cannot_tell_its_free_space_is_believed_to_have_some(self) -> None:
        assert read_inventory(b"free \n").free is None
        assert read_inventory(b"free none 0 0 0 - /net\n").free is None
        assert read_inventory(b"free none 0 0 0 0% /net\n").free is None
        assert read_inventory(b"free /dev/a 100 99 -4 104% /\n").free == 0

    @given(st.binary(max_size=200))
    @example(b"free \nfile " + b"9" * 5000 + b" a\n")
    @example(b"free /dev/a " + b"9" * 5000 + b" 1 1 1% /\n")
    @example(b"free /dev/a 1 1 " + b"9" * 5000 + b" 1% /\n")
    def test_nothing_that_a_device_prints_is_an_error(self, printed: bytes) -> None:
        read_inventory(printed)
