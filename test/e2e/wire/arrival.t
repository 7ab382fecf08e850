#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# However the bytes of a header arrive, it is taken; and what the reader did to the socket does not show later.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::Header qw(v1 v2 ipv4 noop PROXY TCP4 REST_MAX);
use Test::Wire;

exim('main');
my $deadline = exim('deadline', deadline => 1);

my %header = (v1 => [V1, V1_IS], 'v1 TCP6' => [V1_6, V1_6_IS], v2 => [V2, V2_IS], 'v2 IPv6' => [V2_6, V2_6_IS], 'v2 of 60016 bytes' => [LONG, LONG_IS],
  'v2 of 65551 bytes' => [v2(PROXY, TCP4, ipv4('203.0.113.9', '198.51.100.9', 7, 25) . noop(REST_MAX - 12)), '203.0.113.9 7 198.51.100.9 25'],
  'a bad v1' => [v1('TCP5 1.2.3.4 5.6.7.8 1 2')]);
my $v1 = length V1;

for my $name ('v1', 'v1 TCP6', 'v2', 'v2 IPv6') {
  my @header = $header{$name}->@*;
  my $length = length $header[0];
  takes("$name by bytes", @header, as => 'bytes:0.01');
  takes("$name by bytes without pauses", @header, as => 'bytes:0');
  takes("$name with a second's pause after the first byte", @header, as => 'cut:1:1');
  takes("$name in just less than 3 s", @header, on => $deadline, as => 'bytes:' . 2.5 / $length);
  takes("$name complete at 2.6 s", @header, on => $deadline, as => 'cut:' . ($length - 1) . ':2.6');
}

my %cut = (
  v1 => [5, 6, 11, 22, $v1 - 2, $v1 - 1, '6,' . ($v1 - 1)],
  v2 => [6, 12, 13, 14, 15, 16, 27, '12,14,16'],
  'v2 of 60016 bytes' => [14, 16, 28, 232, 1448, 59000, 60015],
);
for my $name (sort keys %cut) { takes("$name cut at $_", $header{$name}->@*, as => "cut:$_:0.15") for $cut{$name}->@* }
takes('v2 of 60016 bytes in chunks', $header{'v2 of 60016 bytes'}->@*, as => 'chunk:1448:0.005');
takes('v2 of 65551 bytes in chunks', $header{'v2 of 65551 bytes'}->@*, as => 'chunk:5000:0.1');

# The shortest lines are answered at once, after a header that came in pieces, and after part of one.
sub short_lines {
  my ($c, $reply) = @_;
  $c->send($_), $c->expect('a line of ' . length($_) . ' bytes', $reply) for "\n", "x\n";
  $c->quit;
  return;
}
for my $name ('v1', 'v2', 'v2 of 60016 bytes', 'a bad v1') {
  my ($header, $is) = $header{$name}->@*;
  for my $at (1, 6, 14, 27) {
    test("answers short lines at once after $name cut at $at", sub {
      my $c = shift->begin($header, as => "cut:$at:0.15");
      $c->banner;
      short_lines($c, $is ? qr/^500 / : REFUSED);
      $is ? $c->is_client($is) : $c->is_failed;
    });
  }
}
for (['v1', V1, 5], ['v1', V1, 20], ['v2', V2, 13], ['v2', V2, 20]) {
  my ($name, $header, $size) = @$_;
  test("refuses short lines at once after the deadline, $size bytes of $name", sub {
    my $c = shift->begin(substr($header, 0, $size), on => $deadline);
    $c->deadline;
    short_lines($c, REFUSED);
    $c->is_failed;
  }, first => 1);
}

run();
