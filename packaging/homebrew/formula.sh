#!/bin/sh
# formula.sh TARBALL: prints the Homebrew formula for what `npm pack` made, as a release has it. Needs node, sha256sum.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 TARBALL" >&2; exit 2; }
manifest=$(tar -xzOf "$1" package/package.json)
read_field() { printf '%s' "$manifest" | node -p 'JSON.parse(require("node:fs").readFileSync(0))[process.argv[1]]' "$1"; }
version=$(read_field version)
home=$(read_field homepage)
home=${home%#*}
sum=$(sha256sum "$1" | cut -d' ' -f1)
cat <<FORMULA
class Portzero < Formula
  desc "Tells who used the reserved TCP port 0, and how it was answered"
  homepage "$home"
  url "$home/releases/download/v$version/portzero-$version.tgz"
  sha256 "$sum"
  license "MIT"

  depends_on "node"

  def install
    system "npm", "install", *std_npm_args
    bin.install_symlink libexec.glob("bin/*")
    package = libexec/"lib/node_modules/portzero"
    man1.install_symlink package/"dist/man/portzero.1"
    bash_completion.install_symlink package/"dist/completions/portzero"
    zsh_completion.install_symlink package/"dist/completions/_portzero"
    fish_completion.install_symlink package/"dist/completions/portzero.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/portzero --version")
    sample = libexec/"lib/node_modules/portzero/examples/port-zero.pcap"
    assert_match "port-zero-accepted", shell_output("#{bin}/portzero #{sample}", 1)
  end
end
FORMULA
