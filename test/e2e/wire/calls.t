#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# System calls: two reads for a header that came in one segment, and no spin in silence.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use List::Util qw(first);
use Test::Header qw(v2 LOCAL);
use Test::More;
use Test::Place qw(contents file find_tool within);
use Test::Wire;

my $strace = find_tool('strace');
plan(skip_all => 'no strace here, or it may not trace') if !$strace || system "$strace -o /dev/null true >/dev/null 2>&1";

my $banner = qr/\b(?:write|send\w*|writev)\(.*220 wire/;
my $reads = qr/\b(?:read|readv|recv\w*)\(/;
my $waits = qr/\b(?:poll|ppoll|select|pselect6|epoll\w*)\(/;

# traced NAME, HEADER, MOST, CODE: at most MOST of the calls that CODE picks, of those on the connection before the banner
sub traced {
  my ($name, $header, $most, $calls, %o) = @_;
  my $trace = file($name =~ s/\W+/-/gr . '.trace');
  my $on = exim($name =~ s/\W+/-/gr, %o, before => [$strace, '-D', '-f', '-yy', '-s', 16, '-o', $trace, '-e', 'trace=network,desc,read,readv,write,writev']);
  test("needs at most $most calls before the banner for $name", sub {
    my ($case) = @_;
    my $best;
    for (1 .. 20) {    # the header may come in two segments, or after the first look: the least counts
      my $c = $case->connect(on => $on);
      $c->send($header) if length $header;
      $c->banner;
      $c->quit;
      my @line;
      within(sub { @line = grep { /\Q$c->{ip}:$c->{sport}\E/ } split /\n/, contents($trace); first { /$banner/ } @line }) or die "the banner is not in the trace\n";
      my $end = first { $line[$_] =~ $banner } 0 .. $#line;
      my @before = @line[0 .. $end - 1];
      my @found = grep { /$calls/ } @before;
      # clock: the server's own, whatever the machine's lateness: in silence it waits for no longer than the deadline in all, but for rounding
      my $asked = 0;
      for (@before) { $asked += $1 if $o{deadline} && /\bpoll\(.*\], 1, (\d+)(?:\)| <)/ }
      die "it waited for $asked ms in all\n", join "\n", @before if $asked > 1000 * DEADLINE + 10;
      $best = [scalar @found, @before] if !$best || @found < $best->[0];
      last if $o{deadline} || $best->[0] <= $most;
    }
    my ($least, @before) = @$best;
    die "$least calls\n", substr join("\n", @before), 0, 2500 if $least > $most;
  });
  return;
}
traced('v1', V1, 2, $reads);
traced('v2', V2, 2, $reads);
traced('v2 of 60016 bytes', LONG, 2, $reads);
traced('v2 LOCAL', v2(LOCAL, 0, ''), 2, $reads);
traced('silence', '', 12, qr/$reads|$waits/, deadline => 1);

run();
