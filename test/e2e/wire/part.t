#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing, or part of a header, and then silence: after the contract's 3 seconds, by one deadline, the banner comes, and commands are
# refused. Or the peer goes away: the process ends.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::Header qw(v1 v2);
use Test::Wire;

exim('deadline', deadline => 1);

my $v1 = length V1;
my %part = (
  'v1' => [V1, 1, 2, 4, 5, 6, 7, 10, 11, 14, 22, 23, 36, $v1 - 3, $v1 - 2, $v1 - 1],
  'v2' => [V2, 1, 2, 4, 6, 11, 12, 13, 14, 15, 16, 17, 20, 24, 27],
  'v2 of 60016 bytes' => [LONG, 28, 5000, 60015],
);
expires('silence', '');
expires('silence from ::1', '', v6 => 1);
for my $name (sort keys %part) {
  my ($header, @size) = $part{$name}->@*;
  expires("$_ bytes of $name", substr $header, 0, $_) for @size;
}
expires("30 bytes of v1 cut at $_", substr(V1, 0, 30), as => "cut:$_:0.3") for 1, 5, 6, 20, 29;
expires("24 bytes of v2 cut at $_", substr(V2, 0, 24), as => "cut:$_:0.3") for 1, 11, 12, 14, 16, 20, 23;
expires("40000 bytes of v2 of 60016 cut at $_", substr(LONG, 0, 40_000), as => "cut:$_:0.3") for 16, 100, 30_000;

# Not for each byte: if a byte moved the deadline, it would come after the last one only.
my $nosync = exim('nosync', deadline => 1, nosync => 1, hide => 1);
for (['v1', V1], ['v2', V2], ['a bad v1', v1('TCP5 1.2.3.4 5.6.7.8 1 2')]) {
  my ($name, $header) = @$_;
  test("waits no longer for $name that trickles in", sub {
    my $c = shift->connect(on => $nosync);
    for (split //, $header) {
      $c->send($_);
      last if defined $c->more(0.4);    # clock: its pace
    }
    $c->deadline;
    $c->command('', REFUSED);
    $c->refused;
    $c->is_failed;
  }, first => 1);
  test("takes the rest of $name after the banner for commands", sub {
    my $c = shift->begin(substr($header, 0, 20), on => $nosync);
    $c->deadline;
    $c->send(substr($header, 20) . ($header =~ /^PROXY/ ? '' : "\r\n"));
    $c->expect('the rest', REFUSED);
    $c->refused;
    $c->is_failed;
  }, first => 1);
}
for (['a whole header', 0], ['the end of a header', 30]) {
  my ($name, $sent) = @$_;
  test("refuses $name after the banner as a command", sub {
    my $c = shift->begin(substr V1, 0, $sent);
    $c->deadline;
    $c->command(substr(V1, $sent) =~ s/\r\n//r, REFUSED);
    $c->refused;
    $c->is_failed;
  }, first => 1);
}

# --- the peer goes away -------------------------------------------------------------------

my $patient = exim('main', tls => 1);
for my $how (qw(closes shuts resets)) {
  my @how = ($how, on => $patient);
  outlives('nothing', '', @how);
  outlives('nothing, in a while,', '', @how, wait => 1);
  for my $name (sort keys %part) {
    my ($header, @size) = $part{$name}->@*;
    outlives("$_ bytes of $name", substr($header, 0, $_), @how) for @size, length $header;
  }
  outlives('a bad v1', v1('TCP5'), @how);
  outlives('a bad v2', v2(0x31, 0x11, ''), @how);
  outlives('no header', "EHLO x\r\n", @how);
  outlives('a good header on the port for TLS', V1, @how, tls => 1);
  outlives('part of a header on the port for TLS', 'PROXY TC', @how, tls => 1);
}

run();
