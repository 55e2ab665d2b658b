#!/usr/bin/python3
"""
OpenStack Swift with its S3 interface, in one folder; the first port is the one to ask: proxy, account, container and object server of Debian's packages.
object-server.py FOLDER PORT PORT PORT PORT runs in the foreground, and ends its four servers with itself.
"""
import os
import signal
import subprocess
import sys

folder, port = sys.argv[1], int(sys.argv[2])
ports = dict(zip(["object", "container", "account"], map(int, sys.argv[3:6])))

SHARED = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
workers = 0
user = {user}
log_address = /nowhere
disable_fallocate = true
fsync = false
"""
PROXY = """[pipeline:main]
pipeline = catch_errors proxy-logging cache s3api tempauth copy slo dlo proxy-logging proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true

[filter:s3api]
use = egg:swift#s3api
location = us-east-1
allow_no_owner = true

[filter:tempauth]
use = egg:swift#tempauth
user_test_reader = secret .admin
user_test_stranger = secret

[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:9
error_suppression_limit = 1000000000
log_level = CRITICAL

[filter:catch_errors]
use = egg:swift#catch_errors
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""


def write(name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)
    return os.path.join(folder, name)


def settings(port):
    import getpass

    return SHARED.format(port=port, folder=folder, user=getpass.getuser())


os.makedirs(os.path.join(folder, "devices", "d1"))
write(
    "swift.conf",
    "[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n[storage-policy:0]\nname = one\ndefault = yes\n",
)
commands = []
for kind, its in ports.items():
    builder = os.path.join(folder, kind + ".builder")
    for words in (["create", "4", "1", "0"], ["add", f"r1z1-127.0.0.1:{its}/d1", "1"], ["rebalance"]):
        subprocess.run(["swift-ring-builder", builder, *words], check=False, stdout=subprocess.DEVNULL)
    text = settings(its) + f"[pipeline:main]\npipeline = {kind}-server\n[app:{kind}-server]\nuse = egg:swift#{kind}\n"
    commands.append([f"swift-{kind}-server", write(f"{kind}.conf", text)])
commands.append(["swift-proxy-server", write("proxy.conf", settings(port) + PROXY)])

children = [subprocess.Popen(command) for command in commands]


def stop(*_):
    for child in children:
        child.terminate()
    sys.exit()


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
for child in children:
    child.wait()
