#!/bin/sh
# build.sh TARBALL FOLDER: makes portzero_VERSION_all.deb in FOLDER from what `npm pack` made. Needs dpkg-deb, gzip, node.
# The same tarball gives the same bytes: times are those of SOURCE_DATE_EPOCH, or of the newest file in the tarball.
set -eu
umask 022
[ $# -eq 2 ] || { echo "usage: $0 TARBALL FOLDER" >&2; exit 2; }
tarball=$1
folder=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree

tar -xzf "$tarball" -C "$work"
source=$work/package
manifest() { node -p 'const value = require(process.argv[1])[process.argv[2]]; value.url ?? value.name ?? value' "$source/package.json" "$1"; }
version=$(manifest version)
home=$(manifest homepage)
author=$(manifest author)
owner=${home#*github.com/}
mail=${owner%%/*}@users.noreply.github.com
epoch=${SOURCE_DATE_EPOCH-$(find "$source" -type f -printf '%T@\n' | sort -n | tail -1 | cut -d. -f1)}

program=$tree/usr/share/portzero
document=$tree/usr/share/doc/portzero
mkdir -p "$program" "$tree/usr/bin" "$document" "$tree/usr/share/man/man1" "$tree/usr/share/bash-completion/completions" \
  "$tree/usr/share/zsh/vendor-completions" "$tree/usr/share/fish/vendor_completions.d" "$tree/DEBIAN"

cp -R "$source/package.json" "$source/bin" "$source/dist" "$source/schema" "$program"
[ ! -d "$source/atlas" ] || cp -R "$source/atlas" "$program"
mv "$program/dist/man/portzero.1" "$tree/usr/share/man/man1"
mv "$program/dist/completions/portzero" "$tree/usr/share/bash-completion/completions"
mv "$program/dist/completions/_portzero" "$tree/usr/share/zsh/vendor-completions"
mv "$program/dist/completions/portzero.fish" "$tree/usr/share/fish/vendor_completions.d"
rmdir "$program/dist/man" "$program/dist/completions"
chmod 755 "$program/bin/portzero.js"
ln -s ../share/portzero/bin/portzero.js "$tree/usr/bin/portzero"

cp -R "$source/README.md" "$source/examples" "$source/docs" "$document"
mv "$program/dist/THIRD-PARTY-NOTICES.txt" "$document"
{
  printf 'portzero %s, %s\n\n' "$version" "$home"
  cat "$source/LICENSE"
  printf '\nIt holds code of other packages. Their notices and licences are in THIRD-PARTY-NOTICES.txt.gz beside this file;\n'
  printf 'the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.\n'
} >"$document/copyright"
{
  printf 'portzero (%s) unstable; urgency=medium\n\n' "$version"
  printf '  * Release %s: CHANGELOG.md.gz says what is in it.\n\n' "$version"
  printf ' -- %s <%s>  %s\n' "$author" "$mail" "$(LC_ALL=C date -u -R -d "@$epoch")"
} >"$document/changelog"
cp "$source/CHANGELOG.md" "$document/CHANGELOG.md"
gzip -9n "$document/changelog" "$document/CHANGELOG.md" "$document/THIRD-PARTY-NOTICES.txt" "$tree/usr/share/man/man1/portzero.1"

cat >"$tree/DEBIAN/control" <<CONTROL
Package: portzero
Version: $version
Architecture: all
Maintainer: $author <$mail>
Installed-Size: $(find "$tree" -type f -printf '%s\n' | awk '{ total += $1 } END { print int(total / 1024) + 1 }')
Depends: nodejs (>= 20.19)
Recommends: tcpdump
Suggests: wireshark
Section: net
Priority: optional
Homepage: ${home%#*}
Description: who used the reserved TCP port 0, and how was it answered?
 Port 0 is reserved, and in the sockets API it means "any port". Yet nothing in
 TCP forbids a segment to it. portzero reads packet captures (pcap and pcapng,
 also compressed with gzip or zstd) or sniffs on an interface, and tells for
 every exchange who asked, who answered, and with what: in the words of nmap,
 with the frames to prove it.
 .
 In CI it holds a stack to a policy; it reports as text, JSON, HTML, SARIF,
 JUnit, CSV and as Suricata's EVE.
CONTROL
(cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
find "$tree" -type d -exec chmod 755 {} +
find "$tree" -type f ! -path '*/bin/portzero.js' -exec chmod 644 {} +
find "$tree" -exec touch -h -d "@$epoch" {} +
mkdir -p "$folder"
SOURCE_DATE_EPOCH=$epoch dpkg-deb --root-owner-group -Zxz --build "$tree" "$folder/portzero_${version}_all.deb" >/dev/null
echo "$folder/portzero_${version}_all.deb"
