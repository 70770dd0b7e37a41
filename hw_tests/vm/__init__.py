"""A throw-away virtual machine that has a virtual tape library behind real kernel drivers.

`./dev vm -- COMMAND` boots the newest Debian kernel of this machine under QEMU and runs COMMAND there.  The
guest's root is this machine's own file system, copy on write: same programs, same `.venv`, same working
directory, and what COMMAND changes is lost with the guest, except below directories named with `--rw`.  In
the guest tgtd offers a medium changer, tape drives and a disk, and the kernel's own iSCSI initiator attaches
them over 127.0.0.1: so sg, st, ch and udev are the real ones, and the robot is nobody's mock of ours.  Nothing
runs outside the guest but QEMU, as the user who calls, and it has no network.

Rooms: `requirements` (what the machine lacks), `kernel` and `initramfs` (what is booted), `library` (what
hangs on the robot), `share` (what the guest is told), `machine` (QEMU), `command` (the command line), and in
`guest/` the scripts of the guest: its first process, and the library that it starts.
"""
