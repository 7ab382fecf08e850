#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The table test/features.md: a binary that was built with everything on has just what its column says, and the tests that it names
# are there. Which configuration a binary was built with is told by the directory that scripts/build puts it in.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Exim ();
use Test::Features;
use Test::Place qw(contents);

my $test = "$FindBin::RealBin/../..";
my ($library) = Test::Exim::given() =~ m{-full-(openssl|gnutls)/exim\z};
my $release = Test::Exim::release();
my (@column, %in_table);

for (split /\n/, contents("$test/features.md")) {
  my ($name, @cell) = /\A\|/ ? map { s/\A\s+|\s+\z//gr } split /\|/, s/\A\||\|\s*\z//gr, -1 : ();
  next if !@cell || $name =~ /\A[-:]*\z/;
  if ($name eq 'feature') { @column = @cell[0 .. $#cell - 2]; next }
  my ($says, $tests) = splice @cell, -2;
  my %cell;
  @cell{@column} = @cell;
  my @missing = grep { !-e } map { "$FindBin::RealBin/$_" } $tests =~ /`(\w+\.t)`/g;
  push @missing, grep { 1 != (() = glob "$test/scripts/*/$_") } $tests =~ /\b(4\d{3})\b/g;
  is("@missing", '', "$name: its tests are there");
  # A comma is a choice; "(from 4.100)" tells that earlier releases do not say it.
  my @needs;
  while ($says =~ /`([^`]+)`(?: \(from 4\.(\d+)\))?/g) {
    my ($kind, @word) = split ' ', $1;
    my $from = $2 // 0;
    $in_table{"$kind $_"} = 1 for map { split /,/ } @word;
    push @needs, map { "$kind " . tr/,/|/r } @word if $release =~ /\A4\.(\d+)/ && $1 >= $from;
  }
  next if !$library || !defined $cell{$release} || !@needs;
  my ($word) = $cell{$release} =~ /\A(yes|no|openssl|gnutls):/;
  my $there = $word eq 'yes' || $word eq $library;
  is(join(', ', grep { $there xor has($_) } @needs), '', "$name: " . ($there ? 'the binary has it' : 'the binary lacks it'));
}
SKIP: {
  skip('the binary was not built with everything on', 1) if !$library;
  is(join(', ', grep { !$in_table{$_} && !/TCP_Fast_Open/ } Test::Features::listed()), '', 'the binary has nothing that the table lacks');
}
done_testing();
