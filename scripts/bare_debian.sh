#!/bin/sh
# Shows that a fresh clone works on a bare Debian: a chroot with nothing but python3, make, git and certificates, in which
# `make up`, `make test` and `make down` are run. Needs root. Part of `make prove`.
#
#   scripts/bare_debian.sh              the last commit, all of it
#   scripts/bare_debian.sh --worktree   the files as they are, committed or not
#   scripts/bare_debian.sh … -- CMD     another command in the clone than the three
#
# The package mirror and pip's settings are those of this machine, read when it runs. Mounts and processes live in
# namespaces of their own and are gone with it. The base system is kept in .prove/ (remove it to have a new one made).
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
place=$top/.prove/bare-debian
base=$place/base
root=$place/root
what="make up && make test && make down"
worktree=
while [ $# -gt 0 ]; do
    case $1 in
        --worktree) worktree=1 ;;
        --) shift; what="$*"; break ;;
        *) echo "unknown argument: $1" >&2; exit 2 ;;
    esac
    shift
done

[ "$(id -u)" = 0 ] || { echo "This needs root (debootstrap, chroot)." >&2; exit 2; }

# ── the base system ──

suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' | grep -v security | head -n 1)
[ -n "$mirror" ] || { echo "No package mirror found in this machine's apt sources." >&2; exit 2; }

if [ ! -e "$place/base.made" ]; then
    command -v debootstrap >/dev/null || {
        apt-get -qq update
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends debootstrap >/dev/null
    }
    echo "Making a bare Debian $suite (once, one to two minutes)."
    rm -rf "$base"
    mkdir -p "$base"
    debootstrap --variant=minbase --include=python3,make,ca-certificates,git "$suite" "$base" "$mirror" \
        > "$place/debootstrap.log" 2>&1 || { tail -n 20 "$place/debootstrap.log" >&2; exit 1; }
    touch "$place/base.made"
fi
rm -rf "$root"
cp -a --reflink=auto "$base" "$root"

# ── the clone ──

if [ -n "$worktree" ]; then
    mkdir -p "$root/src/venturi"
    (cd "$top" && git ls-files -z --cached --others --exclude-standard) |
        (cd "$top" && tar --null --ignore-failed-read -T - -cf -) | tar -C "$root/src/venturi" -xf -
else
    mkdir -p "$root/src"
    git clone --quiet --no-local "$top" "$root/src/venturi"
fi

# ── the machine's ways to packages ──

folders=$(sh "$top/scripts/ways_to_packages.sh" "$root")
proxies=$(env | grep -i '^[a-z]*_proxy=' | tr '\n' ' ' || true)

# ── the proof ──

export root what proxies folders
exec unshare --mount --pid --fork --kill-child sh -eu -c '
    mount --make-rprivate /
    mkdir -p "$root/proc" "$root/sys" "$root/dev"
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    for folder in $folders; do
        mkdir -p "$root$folder"
        mount --rbind "$folder" "$root$folder"
    done
    exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 $proxies \
        sh -eu -c "cd /src/venturi && $what"
'
