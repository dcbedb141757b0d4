#!/bin/sh
# What tests of containers, SSH and the interface need of the system and, called with `prove`, what images are made with, installed where that is ours to do: as root, with apt-get. Says
# what it does, and does it once; without network it says so, and those tests skip with their reason.
set -eu
PATH=$PATH:/usr/sbin:/sbin:/usr/lib/podman
missing=
# command, and the package that brings it
while read -r command package; do
    [ -z "$command" ] || command -v "$command" >/dev/null 2>&1 || missing="$missing $package"
done <<LIST
podman podman
runc runc
netavark netavark
iptables iptables
busybox busybox-static
sshd openssh-server
chromium chromium
$([ "${1:-}" != prove ] || printf 'debootstrap debootstrap\npodman-compose podman-compose')
LIST
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Tests of containers, SSH and the interface are skipped. What they need here:$missing (as root, with apt-get, make test installs it)."
    exit 0
fi
echo "Installing for the tests of containers, SSH and the interface (once):$missing"
quiet="-qq -o Acquire::Retries=0 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o DPkg::Lock::Timeout=60"
export DEBIAN_FRONTEND=noninteractive
# No daemon is started by it: what is installed is run by the tests themselves.
export RUNLEVEL=1
# shellcheck disable=SC2086
if apt-get $quiet update >/dev/null 2>&1 && apt-get $quiet install -y --no-install-recommends $missing >/dev/null 2>&1; then
    # A machine that had no SSH server gets none that listens: the tests start their own.
    case $missing in *openssh-server*) [ ! -d /run/systemd/system ] || systemctl -q disable --now ssh || true ;; esac
    echo "Installed."
else
    echo "Not installed (no network, or no such packages): the tests that need them are skipped."
fi
