#!/bin/sh
# Gives the system below ROOT this machine's ways to packages: apt's sources, pip's settings as one file, certificates.
# Prints the local folders that pip's settings name: they are to be shown read-only at the same places.
#
#   scripts/ways_to_packages.sh ROOT
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
root=$1

cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
rm -f "$root/etc/apt/sources.list"
for part in sources.list sources.list.d apt.conf.d trusted.gpg.d keyrings; do
    if [ -e "/etc/apt/$part" ]; then
        rm -rf "$root/etc/apt/$part"
        cp -aL "/etc/apt/$part" "$root/etc/apt/"
    fi
done
[ ! -d /usr/share/keyrings ] || cp -aL /usr/share/keyrings "$root/usr/share/"
[ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"

# pip's settings, from wherever they come here.
settings=$("$top/.venv/bin/python" -m pip config list 2>/dev/null || python3 -m pip config list 2>/dev/null || true)
{
    echo "[global]"
    echo "$settings" | sed -n "s/^\(global\|:env:\)\.\([a-z-]*\)='\(.*\)'\$/\2 = \3/p" | sort -u -t= -k1,1
} > "$root/etc/pip.conf"
grep -o '/[^ ]*' "$root/etc/pip.conf" | sed 's|^//[^/]*||' | grep -v '^$' | sort -u | while read -r p; do
    while [ ! -e "$p" ] && [ "$p" != / ]; do p=$(dirname "$p"); done
    case $p in */simple) p=$(dirname "$p") ;; esac  # an index, whose files lie beside it
    [ ! -f "$p" ] || [ -e "$root$p" ] || p=$(dirname "$p")
    [ "$p" = / ] || [ ! -d "$p" ] || echo "$p"
done
