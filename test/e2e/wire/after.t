#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The bytes after a header are the client's: not one too many is taken, and not one too few.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::Header qw(v1 v2 ipv4 noop PROXY TCP4 REST_MAX);
use Test::Wire;

exim('main');
my $nosync = exim('nosync', nosync => 1, hide => 1);
my $pipe = exim('pipe', early => 1);

# Here the client's port says which connection it was.
my %good = (
  'v1'                => sub { v1('TCP4', '203.0.113.5', '198.51.100.7', $_[0], 25) },
  'v2'                => sub { v2(PROXY, TCP4, ipv4('203.0.113.5', '198.51.100.7', $_[0], 25)) },
  'v2 of 60016 bytes' => sub { v2(PROXY, TCP4, ipv4('203.0.113.5', '198.51.100.7', $_[0], 25) . noop(60_000 - 12)) },
);
my $port = 20_000;
for my $name (sort keys %good) {
  my $after = sub {
    my ($what, $code) = @_;
    my $mine = $port++;
    my $header = $good{$name}->($mine);
    test("leaves what follows $name to Exim: $what", sub {
      my $c = $code->(shift, $header, $mine);
      $c->is_client("203.0.113.5 $mine 198.51.100.7 25");
    });
  };
  for (['EHLO', "EHLO early\r\n"], ['a second header', V1]) {
    my ($what, $bytes) = @$_;
    $after->("$what is input too early", sub {
      my ($case, $header, $mine) = @_;
      my $c = $case->begin($header . $bytes);
      $c->early($bytes, '203.0.113.5', $mine);
      return $c;
    });
  }
  $after->('EHLO and QUIT, synchronization not enforced', sub {
    my ($case, $header) = @_;
    my $c = $case->begin("${header}EHLO early\r\nQUIT\r\n", on => $nosync);
    $c->banner;
    $c->expect('EHLO', qr/^250[- ].*Hello early/);
    $c->expect('QUIT', qr/^221 /);
    $c->ended;
    return $c;
  });
  for (['the start of EHLO, synchronization not enforced', $nosync, sub { 'cut:' . ($_[0] + 3) . ':0.3' }], ['EHLO, where early input is allowed', $pipe, sub { }]) {
    my ($what, $on, $as) = @$_;
    $after->($what, sub {
      my ($case, $header) = @_;
      my $c = $case->begin("${header}EHLO early\r\n", on => $on, as => scalar $as->(length $header));
      $c->banner;
      $c->expect('EHLO', qr/^250[- ].*Hello early/);
      $c->quit;
      return $c;
    });
  }
  $after->('EHLO, MAIL, RCPT and DATA, where early input is allowed', sub {
    my ($case, $header, $mine) = @_;
    my $from = "pipelined-$mine\@from.test";
    my $c = $case->begin("${header}EHLO case.test\r\nMAIL FROM:<$from>\r\nRCPT TO:<x\@to.test>\r\nDATA\r\n", on => $pipe);
    $c->banner;
    $c->expect($_->[0], $_->[1]) for ['EHLO', qr/^250[- ]/], ['MAIL', qr/^250 /], ['RCPT', qr/^250 /], ['DATA', qr/^354 /];
    my $id = $c->command("Subject: x\r\n\r\nbody\r\n.", qr/^250 OK id=/) =~ s/.*id=//r;
    $c->quit;
    $c->arrived($from, $id, sha => '203.0.113.5', shp => $mine);
    return $c;
  });
}

# So are those after a bad header: its end is where it says.
for (['v1', v1('TCP5', 'x')], ['v1 whose last field is bad', v1('TCP4 1.2.3.4 5.6.7.8 1 65536')], ['v2', v2(0x31, TCP4, 'twelve bytes')], ['v2 of 65551 bytes', v2(0x31, TCP4, noop(REST_MAX))]) {
  my ($name, $header) = @$_;
  test("consumes a bad $name to its end and no further, synchronization not enforced", sub {
    my $c = shift->begin("${header}NOOP\r\nQUIT\r\n", on => $nosync);
    $c->banner;
    $c->expect('NOOP', REFUSED);
    $c->expect('QUIT', qr/^221 /);
    $c->ended;
    $c->is_failed;
  });
  test("consumes a bad $name to its end and no further, synchronization enforced", sub {
    my $c = shift->begin("${header}NOOP\r\n");
    $c->early("NOOP\r\n");
    $c->is_failed;
  });
  test("refuses an EHLO after a bad $name also where early input is allowed", sub {
    my $c = shift->begin("${header}EHLO x\r\n", on => $pipe);
    $c->refused_or_early;
    $c->is_failed;
  });
}

run();
