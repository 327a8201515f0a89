#!/usr/bin/env bash
# Makes internal/rota/zoneinfo/zoneinfo.zip, the time zone data that Muster carries, from Debian's package tzdata. It needs
# apt, dpkg-deb and zip, and installs nothing. The same package gives the same bytes.
#
#   ./scripts/zoneinfo.sh            the newest package that apt knows (run `apt-get update` first)
#   ./scripts/zoneinfo.sh FILE.deb   this package
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/internal/rota/zoneinfo/zoneinfo.zip
export TZ=UTC LC_ALL=C

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ $# -gt 0 ]; then
	cp -- "$1" "$work/tzdata.deb"
else
	(cd "$work" && apt-get download -q -o APT::Sandbox::User="$(id -un)" tzdata)
fi
dpkg-deb -x "$work"/*.deb "$work/root"
from=$work/root/usr/share/zoneinfo

# The package says its version; the day is that of the release, not that of the package.
version=$(sed -n '1s/^# version //p' "$from/tzdata.zi")
released=$(zcat "$work/root/usr/share/doc/tzdata/changelog.gz" | sed -n "s/^Release $version - \([0-9-]\{10\}\) .*/\1/p" | head -n 1)
if [ -z "$version" ] || [ -z "$released" ]; then
	echo "zoneinfo.sh: the package does not say its version and the day of its release" >&2
	exit 1
fi

# Every name, backward aliases included: zones are the files that begin with TZif. posix/ is the same again, and right/
# counts leap seconds, which no clock here does.
mkdir "$work/zip"
(cd "$from" && find . -name posix -prune -o -name right -prune -o -type f -print) | while read -r f; do
	if [ "$(head -c 4 "$from/$f")" = TZif ]; then
		mkdir -p "$work/zip/$(dirname "$f")"
		cp "$from/$f" "$work/zip/$f"
	fi
done
(cd "$from" && find . -name posix -prune -o -name right -prune -o -name localtime -o -type l -print) | while read -r f; do
	if [ -f "$from/$f" ] && [ "$(head -c 4 "$from/$f")" = TZif ]; then
		mkdir -p "$work/zip/$(dirname "$f")"
		cp -L "$from/$f" "$work/zip/$f"
	fi
done
rm -f "$work/zip/posixrules" # an old way to say what TZ=X5Y means, not a place
echo "$version $released" >"$work/zip/+VERSION"
find "$work/zip" -type f -exec touch -d "$released" {} +
(cd "$work/zip" && find . -type f | sed 's|^\./||' | sort | zip -q -X -9 -D "$work/zoneinfo.zip" -@)
mkdir -p "$(dirname "$out")"
cp "$work/zoneinfo.zip" "$out"
echo "zoneinfo.zip: $version of $released, $(find "$work/zip" -type f | wc -l) members, $(stat -c %s "$out") bytes"

# The zones of the public vectors as they were when the vectors were verified, from Go's own data.
goroot=$(go env GOROOT)
reference=$(sed -n 's/^CODE=//p' "$goroot/lib/time/update.bash")
mkdir "$work/ref"
grep -o '"zone": "[A-Za-z_]*/[A-Za-z_/]*"' internal/rota/testdata/dst_vectors.json | cut -d'"' -f4 | sort -u |
	xargs unzip -q "$goroot/lib/time/zoneinfo.zip" -d "$work/ref" 2>/dev/null || true # some are there to be refused
echo "$reference" >"$work/ref/+VERSION"
find "$work/ref" -type f -exec touch -d "$released" {} +
(cd "$work/ref" && find . -type f | sed 's|^\./||' | sort | zip -q -X -9 -D "$work/reference.zip" -@)
cp "$work/reference.zip" "$(dirname "$out")/reference.zip"
echo "reference.zip: $reference, $(find "$work/ref" -type f | wc -l) members, $(stat -c %s "$work/reference.zip") bytes"
