import subprocess, time
from tui.test_full_disk import *
def test_x(world, disk):
    world.scenario(conditions=[[0, "NotReady"]])
    with map_import(disk, "--new") as screen:
        walk_to("connect", world, screen)
        disk.fill()
        screen.press("enter"); screen.wait("could not be saved")
        disk.free(); screen.press("T")
        screen.wait(TITLES["worker_connecting"])
        screen.press("q")
        t = time.monotonic()
        while time.monotonic() < t + 4 and screen._read(0.2): pass
        if screen.process.isalive():
            print(screen.text())
            print(subprocess.run(["ps", "-o", "pid,ppid,stat,wchan:20,args", "--forest", "-g", str(screen.process.pid)], capture_output=True, text=True).stdout)
            print(subprocess.run(["ps", "-e", "-o", "pid,ppid,stat,wchan:20,args", "--forest"], capture_output=True, text=True).stdout[-3000:])
            p = screen.process.pid
            print(subprocess.run(f"cat /proc/{p}/wchan; ls -l /proc/{p}/fd; cat /proc/{p}/status | grep Sig", shell=True, capture_output=True, text=True).stdout)
            assert 0
