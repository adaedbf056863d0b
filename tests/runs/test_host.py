"""What the machine offers, read from the machine."""

from pathlib import Path

import pytest

from org.runs import host


def test_the_machine_is_read(tmp_path: Path) -> None:
    memory, limits = host.memory(), host.limits()
    assert 0 < memory.available_mb <= memory.total_mb
    assert limits.open_files > 0
    assert host.free_gb(tmp_path / "not" / "there" / "yet") == pytest.approx(host.free_gb(tmp_path), abs=0.5)
    assert host.file_system(tmp_path / "not" / "there") == host.file_system(tmp_path)


@pytest.mark.parametrize("kind", ["nfs4", "NFS", "cifs", "fuse.sshfs", "lustre", "fuse.glusterfs", "9p", "smbfs"])
def test_network_file_systems_are_known(kind: str) -> None:
    assert host.is_network(kind)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "apfs", "overlay", "btrfs", "zfs", "tmpfs", "", "fuseblk"])
def test_local_ones_are_no_network(kind: str) -> None:
    assert not host.is_network(kind)
