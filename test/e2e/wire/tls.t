#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# TLS: the header comes before the handshake on a port for TLS on connect, and long before STARTTLS.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::Header qw(v1 v2 ipv4 noop PROXY LOCAL TCP4 REST_MAX);
use Test::SMTP ();
use Test::Wire;

exim('main', tls => 1);
my $deadline = exim('deadline', tls => 1, deadline => 1);

my %good = (v1 => [V1, V1_IS], v2 => [V2, V2_IS], 'v2 IPv6' => [V2_6, V2_6_IS], 'v2 of 60016 bytes' => [LONG, LONG_IS]);

sub message {
  my ($c, $is) = @_;
  my ($sha, $shp) = split ' ', $is;
  $c->ehlo;
  $c->message_arrives(sha => $sha, shp => $shp, p => 'esmtps', x => 1);
  $c->quit;
  $c->is_client($is);
  return;
}
for my $name (sort keys %good) {
  my ($header, $is) = $good{$name}->@*;
  takes("$name, then the handshake", $header, $is, tls => 1);
  test("takes $name with the ClientHello in the same segment", sub {
    my $c = shift->connect(tls => 1);
    $c->tls(after => $header);
    $c->takes($is);
  });
  test("takes $name by bytes, then the handshake and a message", sub {
    my $c = shift->begin($header, tls => 1, as => length $header < 100 ? 'bytes:0.01' : 'chunk:9000:0.01');
    $c->banner;
    message($c, $is);
  });
}
for my $name ('v1', 'v2') {
  my ($header, $is) = $good{$name}->@*;
  test("takes STARTTLS after $name, and a message", sub {
    my $c = shift->begin($header);
    $c->banner;
    $c->command('EHLO case.test', qr/^250.*STARTTLS/s);
    $c->command('STARTTLS', qr/^220 /);
    $c->tls;
    message($c, $is);
  });
}
keeps('v2 LOCAL, then the handshake', v2(LOCAL, 0, ''), tls => 1);
keeps('v1 UNKNOWN, then the handshake', v1('UNKNOWN'), tls => 1);

refuses('a bad v1, after the handshake', v1('TCP4 1.2.3.4 5.6.7.8 1 65536'), tls => 1);
refuses('a bad v2, after the handshake', v2(0x31, TCP4, ipv4('1.2.3.4', '5.6.7.8', 1, 2)), tls => 1);
refuses('a bad v2 of 65551 bytes, after the handshake', v2(PROXY, 0x91, noop(REST_MAX)), tls => 1);
for (['a bad v1', v1('TCP4 1.2.3.4 5.6.7.8 x 1')], ['a bad v2', v2(0x2f, TCP4, noop(400))]) {
  my ($name, $header) = @$_;
  test("refuses $name with the ClientHello in the same segment", sub {
    my $c = shift->connect(tls => 1);
    $c->tls(after => $header);
    $c->refuses;
  });
}
for (['a ClientHello and no header'], ['a ClientHello by bytes and no header', pause => 0.002]) {
  my ($name, @how) = @$_;
  test("makes the handshake, then refuses: $name", sub {
    my $c = shift->connect(tls => 1);
    $c->tls(@how);
    $c->banner;
    $c->refused('EHLO x', 'MAIL FROM:<a@b.test>');
    $c->is_failed;
  });
}
for (['silence', ''], ['part of v1', substr V1, 0, 20], ['part of v2', substr V2, 0, 13], ['part of the addresses of v2', substr V2, 0, 20]) {
  my ($name, $bytes) = @$_;
  test("makes the handshake after the deadline, then refuses: $name", sub {
    my ($case) = @_;
    my $c = $case->connect(tls => 1, on => $deadline);
    $c->send($bytes) if length $bytes;
    $c->outwait;
    eval { $c->tls; $c->banner; $c->refused; 1 } or $c->{silent} ? die $@ : $c->too_late('fail', $@);
    $c->is_failed;
  }, first => 1);
}
test('ends at garbage that is no TLS, without a word in clear', sub {
  my $c = shift->connect(tls => 1);
  $c->send("EHLO x\r\n");
  while ($c->more) { }
  $c->fail('the connection is still open') if !$c->{gone};
  $c->fail('it was answered in clear') if $c->{got} =~ /^(220|250)/m;
});

run();
