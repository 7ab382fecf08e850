# SPDX-License-Identifier: GPL-2.0-or-later
package Features::Table;

# test/features.md, which says what a build with everything on has: compared with what "exim -bV" says, and with the tests.

use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Features;

my $file = abs_path(dirname(__FILE__) . '/../../..') . '/features.md';

# The releases, in the order of their columns, and the rows: { name, cell => { release => text }, says, tests }.
sub table {
  my (@releases, @rows);
  for (split /\n/, contents($file)) {
    my @cells = map { s/\A\s+|\s+\z//gr } split /\|/, s/\A\||\|\s*\z//gr, -1 if /\A\|/;
    next if not @cells or $cells[0] =~ /\A[-:]*\z/;
    if ($cells[0] eq 'feature') { @releases = @cells[1 .. $#cells - 2]; next }
    next if not @releases;
    my %row = (name => $cells[0], width => scalar @cells, says => $cells[-2], test => $cells[-1]);
    @{ $row{cell} }{@releases} = @cells[1 .. @releases];
    push @rows, \%row;
  }
  return (\@releases, \@rows);
}

sub scenario { my @found = glob dirname($file) . "/scripts/*/$_[0]"; return @found == 1 }

# judge(WORLD, CONFIGURATION): the binary has what its column says, if it was built with that configuration, and no more.
sub judge {
  my ($world, $config) = @_;
  my ($releases, $rows) = table();
  check('it has rows', @$rows > 50, scalar @$rows);
  my %test = map { $_ => 1 } Features::names();
  my (%tried, %told);
  my $release = release();
  my $column = grep { $_ eq $release } @$releases;
  for my $row (@$rows) {
    my @cells = (values %{ $row->{cell} }, $row->{says}, $row->{test});
    my @wrong = $row->{width} == @$releases + 3 && !grep({ not length($_ // '') } @cells) ? () : 'a cell is empty';
    my @tests = $row->{test} =~ /\A(?:none|all)/ ? () : ($row->{test} =~ /`([^`]+)`/g, $row->{test} =~ /\b(4\d{3})\b/g);
    push @wrong, 'neither a test nor a reason' if not @tests and $row->{test} !~ /\w+ \w+ \w+/;
    for (@tests) {
      push @wrong, "there is no test $_" if not $test{$_} and not scenario($_);
      $tried{$_} = 1;
    }
    $told{$_} = 1 for map { split /\|/, s/.* //r } needs($row);
    push @wrong, compared($release, $config, $row) if $column and defined $config;
    check($row->{name}, !@wrong, join "\n", @wrong);
  }
  check("the test $_ has a row", $tried{$_}) for sort keys %test;
  if (not defined $config) { skip('what the binary has: it is not told by which configuration (--config)'); return }
  check("there is a column for Exim $release", $column) or return;
  # nothing that the binary has is left out
  for my $kind (qw(support lookup authenticator router transport malware)) {
    for my $word (sort keys %{ $world->{has}{$kind} }) {
      check("a row for the $kind $word", $told{$word} || $word =~ /\ATCP_Fast_Open\z/);
    }
  }
  return;
}

# What -bV says, as a test's needs are written: `support SPF`. A comma is a choice, for what is called otherwise in another
# release; "(from 4.100)" tells that earlier releases do not say it. Some things it does not tell at all.
sub needs {
  my ($row, $release) = @_;
  my @needs;
  while ($row->{says} =~ /`([^`]+)`(?: \(from 4\.(\d+)\))?/g) {
    my ($text, $from) = ($1, $2 // 0);
    next if defined $release and $release =~ /\A4\.(\d+)/ and $1 < $from;
    my ($kind, @words) = split ' ', $text;
    push @needs, map { "$kind " . tr/,/|/r } @words;
  }
  return @needs;
}

# What is wrong, if anything. A cell begins with "yes:" or "no:", or with the configuration's last part.
sub compared {
  my ($release, $config, $row) = @_;
  my ($word) = $row->{cell}{$release} =~ /\A(yes|no|openssl|gnutls):/ or return 'the cell begins with neither yes nor no';
  my $want = $word eq 'yes' || $config eq "full-$word";
  my @needs = needs($row, $release) or return;
  my @has = grep { has($_) } @needs;
  return if $want ? @has == @needs : !@has;
  return join ', ', $want ? 'the binary has not all of' : 'the binary has', @needs;
}

1;
