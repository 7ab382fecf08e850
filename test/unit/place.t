#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/unit/place.t
#
# Tests scripts/lib/place, which puts hooks into Exim's files, on small descriptions and trees: where the
# text goes, and what is refused. Prints TAP. Exit code: 0 if nothing failed, 2 bad usage, otherwise
# Test::More's.

use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use Help qw(arguments);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use Test::More;

arguments(0, 0);

my $place = "$FindBin::RealBin/../../scripts/lib/place";
my $dir = tempdir(CLEANUP => 1);
my ($code, $said);

# place HOOKS, FILE => TEXT...: returns the files written, and sets $code and $said.
sub place
{
my ($hooks, %tree) = @_;
remove_tree("$dir/tree", "$dir/out");
make_path("$dir/tree");
put("$dir/hooks", "patch p.patch Hooks for a test\n: In words.\n$hooks");
put("$dir/tree/$_", $tree{$_}) for keys %tree;
system("'$place' '$dir/hooks' '$dir/tree' '$dir/out' > '$dir/stdout' 2> '$dir/stderr'");
$code = $? >> 8;
$said = get("$dir/stderr");
my %new = map { /^p\.patch (.*)/ ? ($1 => get("$dir/out/$1")) : () } split /\n/, get("$dir/stdout");
is_deeply({ map { $_ => get("$dir/tree/$_") } keys %tree }, \%tree, 'the tree stays as it is') if keys %tree;
return \%new;
}

sub put
{
my ($path, $text) = @_;
make_path(dirname($path));
open(my $to, '>:raw', $path) or die "$path: $!";
print $to $text;
close $to or die "$path: $!";
}

sub get
{
my ($path) = @_;
open(my $in, '<:raw', $path) or die "$path: $!";
local $/;
return <$in> // '';
}

# becomes NAME, HOOKS, OLD, NEW: for the hooks of one file, f
sub becomes
{
my ($name, $hooks, $old, $new) = @_;
subtest $name => sub {
  my $got = place("file f\n$hooks", f => $old);
  is($code, 0, 'placed') or diag $said;
  is_deeply($got, { f => $new }, $name);
  };
}

# refused NAME, HOOKS, TREE, WORDS: nothing is written, and all of WORDS are said
sub refused
{
my ($name, $hooks, $tree, @words) = @_;
subtest $name => sub {
  my $got = place($hooks, %$tree);
  is($code, 1, 'exit code');
  is_deeply($got, {}, 'no file is named');
  ok(!-e "$dir/out", 'nothing is written');
  like($said, qr/\Q$_\E/, "it says $_") for @words;
  };
}

# wrong NAME, HOOKS, LINE: a description that is not in its format; LINE is that of the whole file
sub wrong
{
my ($name, $hooks, $line) = @_;
subtest $name => sub {
  place($hooks, f => "a\n");
  is($code, 2, 'exit code');
  like($said, qr/hooks:$line:/, "line $line is named");
  };
}

# Two functions and a declaration
my $c = <<'C';
static int one(int a);

static int
one(int a)
{
  {
  go(a);
  }
return a;
}

static int
two(int a)
{
return a;
}
C

# ---- where it goes ------------------------------------------------------------------------------------

becomes('after a line', "after ^b\n| x\n", "a\nb\nc\n", "a\nb\nx\nc\n");
becomes('before a line', "before ^b\n| x\n", "a\nb\nc\n", "a\nx\nb\nc\n");
becomes('before the first line, after the last', "before a\n| x\nafter c\n| y\n", "a\nb\nc\n", "x\na\nb\nc\ny\n");
becomes('in a function', "in ^two\\(\nafter return\n| x\n", $c, $c =~ s/(\ntwo.*return a;\n)/$1x\n/sr);
becomes('a function ends at the first } in column 1', "in ^one\\(\nafter ^\\}\n| x\n", $c, $c =~ s/(\n\}\n)/$1x\n/r);
becomes('its head belongs to it', "in ^two\\(\nafter ^two\n| x\n", $c, $c =~ s/(\ntwo.*\n)/$1x\n/r);
becomes('after the first', "after first return\n| x\n", $c, $c =~ s/(return a;\n)/$1x\n/r);
becomes('after each', "after each return\n| x\n", $c, $c =~ s/(return a;\n)/$1x\n/gr);
becomes('before each in a function', "in one\nbefore each a\n| x\n", "a\none\na\na\n}\na\n", "a\none\nx\na\nx\na\n}\na\n");
becomes('then moves on', "after b\nthen e\n| x\n", "e\nb\nc\ne\nd\ne\n", "e\nb\nc\ne\nx\nd\ne\n");
becomes('then moves on from the line below', "after b\nthen b|e\n| x\n", "a\nb\ne\n", "a\nb\ne\nx\n");
becomes('then, twice', "before b\nthen e\nthen e\n| x\n", "b\ne\ne\n", "b\ne\nx\ne\n");
becomes('then, from each', "after each b\nthen e\n| x\n", "b\ne\nb\ne\n", "b\ne\nx\nb\ne\nx\n");
becomes('hooks for one place keep their order', "after a\n| 1\nbefore b\n| 2\nafter a\n| 3\n", "a\nb\n", "a\n1\n2\n3\nb\n");
becomes('what a hook inserts is no anchor', "after a\n| b\nafter b\n| x\n", "a\nb\n", "a\nb\nb\nx\n");
becomes('when a line matches, and when none does', "when z\nafter a\n| 1\nwhen b\nafter a\n| 2\nunless z\nafter a\n| 3\nunless b\nafter a\n| 4\n", "a\nb\n", "a\n2\n3\nb\n");
becomes('empty lines, blanks and tabs in the text', "after a\n|\n|  x\t\n| | @\n", "a\n", "a\n\n x\t\n| @\n");
becomes('the anchor line again', "after b\nthen c\n| x\n\@\n| y\n", " b(1)\nc\n", " b(1)\nc\nx\n b(1)\ny\n");
becomes('the anchor line changed', "after b\n\@ s/b\\(/{&c(/ s/1//\n", " b(1)\n", " b(1)\n {&c()\n");
becomes('comments and empty lines in the description', "# x\n\nafter b\n# x\n| x\n\n# x\n| y\n", "b\n", "b\nx\ny\n");
becomes('bytes that are no UTF-8', "after b\n| \xff\n", "\xfe\nb\n", "\xfe\nb\n\xff\n");
becomes('a file whose lines end in CR LF', "in ^two\\(\nafter ^\\}\$\n| x\n\@\n", $c =~ s/\n/\r\n/gr, "${c}x\n}\n" =~ s/\n/\r\n/gr);
becomes('a last line without a newline', "before b\n| x\nafter a\n| y\n", "a\nb", "a\nx\ny\nb");

# ---- what is refused ----------------------------------------------------------------------------------

refused('an anchor that is missing', "file f\nafter ^x{2}\$\n| x\n", { f => "a\n" }, 'f: the hook at line 4: no line matches /^x{2}$/');
refused('an anchor that is there twice', "file f\nafter return\n| x\n", { f => $c }, 'f: the hook at line 4: 2 lines match /return/');
refused('an anchor outside the function', "file f\nin ^two\\(\nafter go\n| x\n", { f => $c }, '/go/ in the function /^two\(/');
refused('an anchor twice in the function', "file f\nin ^one\\(\nafter a\n| x\n", { f => $c }, '3 lines match /a/ in the function /^one\(/');
refused('no first', "file f\nafter first x\n| x\n", { f => "a\n" }, 'no line matches /x/');
refused('none of each', "file f\nafter each x\n| x\n", { f => "a\n" }, 'no line matches /x/');
refused('a function that is missing', "file f\nin ^three\\(\nafter a\n| x\n", { f => $c }, 'f: the hook at line 4: the function /^three\(/ is there 0 times');
refused('a function that is there twice', "file f\nin one\\(\nafter a\n| x\n", { f => $c }, 'f: the hook at line 4: the function /one\(/ is there 2 times');
refused('a function without an end', "file f\nin ^two\\(\nafter a\n| x\n", { f => $c =~ s/\}\n\z//r }, 'the function /^two\(/ has no end');
refused('then, with nothing below', "file f\nafter b\nthen a\n| x\n", { f => "a\nb\n" }, 'no line matches /a/ below /b/');
refused('then, beyond the function', "file f\nin ^one\\(\nafter go\nthen ^static\n| x\n", { f => $c }, 'no line matches /^static/ below /go/ in the function');
refused('a change that does not match', "file f\nafter a\n\@ s/b/c/\n", { f => "a\n" }, 'f: the hook at line 4: /b/ matches 0 times');
refused('a change that matches twice', "file f\nafter a\n\@ s/a/c/\n", { f => "aa\n" }, '/a/ matches 2 times');
refused('below a last line without a newline', "file f\nafter b\n| x\n", { f => "a\nb" }, 'f: the hook at line 4: the place is below the last line, which has no newline');
refused('a file that is missing', "file d/f\nafter a\n| x\n", {}, 'd/f: no such file');
refused('an empty file', "file f\nafter a\n| x\n", { f => '' }, 'no line matches /a/');
refused('all or nothing', "file f\nafter a\n| x\nfile g\nafter x\n| x\nafter y\n| y\nfile h\nafter a\n| x\n", { f => "a\n", g => "a\n" }, 'g: the hook at line 7: no line matches /x/', 'g: the hook at line 9: no line matches /y/', 'h: no such file');

subtest 'a file that is a link' => sub {
  remove_tree("$dir/tree", "$dir/out");
  put("$dir/tree/g", "a\n");
  symlink('g', "$dir/tree/f") or die $!;
  put("$dir/hooks", "patch p.patch Hooks\nfile f\nafter a\n| x\n");
  isnt(system("'$place' '$dir/hooks' '$dir/tree' '$dir/out' > '$dir/stdout' 2> '$dir/stderr'"), 0, 'refused');
  like(get("$dir/stderr"), qr/^f: not a file/, 'and named');
  };

# ---- files that only some releases have -----------------------------------------------------------------

subtest 'optional files' => sub {
  my $hooks = "file f optional\nafter a\n| x\nfile g\nafter a\n| x\n";
  is_deeply(place($hooks, g => "a\n"), { g => "a\nx\n" }, 'one that is missing is left out');
  is_deeply(place($hooks, f => "a\n", g => "a\n"), { f => "a\nx\n", g => "a\nx\n" }, 'one that is there is not');
  is_deeply(place($hooks, f => "b\n", g => "a\n"), {}, 'one that is there must have the anchor');
  is($code, 1, 'exit code');
  };
subtest 'a file for which no hook is meant' => sub {
  is_deeply(place("file d/f\nwhen z\nafter a\n| x\n", 'd/f' => "a\n"), {}, 'is not written');
  is($code, 0, 'exit code');
  };

# ---- descriptions that are wrong ------------------------------------------------------------------------

wrong('a word that is unknown', "file f\nbelow a\n| x\n", 4);
wrong('a hook without a file', "after a\n| x\n", 3);
wrong('text without an anchor', "file f\n| x\n", 4);
wrong('a second function', "file f\nin a\nin b\nafter a\n| x\n", 5);
wrong('a hook without text', "file f\nafter a\nafter b\n| x\n", 4);
wrong('a hook without an anchor', "file f\nin a\nfile g\nafter a\n| x\n", 4);
wrong('a regular expression that is none', "file f\nafter (\n| x\n", 4);
wrong('an empty one', "file f\nafter \n| x\n", 4);
wrong('a change that is none', "file f\nafter a\n\@ y/a/b/\n", 5);
wrong('a file in two places', "file f\nafter a\n| x\nfile f\nafter b\n| x\n", 6);

done_testing;
