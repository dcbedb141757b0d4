#!/bin/sh
# Makes the virtual environment of the checkout. Debian's python3 comes without `ensurepip`: as root its package is
# installed, otherwise the command to do so is printed.
set -eu
venv=$1
python=${PYTHON:-python3}

if ! command -v "$python" >/dev/null 2>&1; then
    echo "There is no $python here. Venturi needs Python 3.10 or newer; another one: make PYTHON=/path/to/python3" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    echo "$python is $("$python" -V); Venturi needs Python 3.10 or newer. Another one: make PYTHON=/path/to/python3" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "$python has no ensurepip: installing $package."
        apt-get -qq update
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$package" >/dev/null
    else
        echo "$python cannot make virtual environments. On Debian or Ubuntu: sudo apt install $package" >&2
        exit 1
    fi
fi
echo "Making $venv with $("$python" -V)."
rm -rf "$venv"
"$python" -m venv "$venv"
