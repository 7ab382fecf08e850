#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Messages: the log line, the variables in acl_smtp_mail and the Received: header have the client, and PRX= the proxy.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::Header qw(v1 v2 ipv4 ipv6 noop PROXY LOCAL TCP4 TCP6 UNIX);
use Test::Wire;

my $exim = exim('main');
my $hide = exim('nosync', nosync => 1, hide => 1);

my $some = ipv4('1.2.3.4', '5.6.7.8', 1, 2);
my @session = (    # the header, and the client if it names one
  ['v1',         V1,                                                                        '203.0.113.5', 1025],
  ['v1 TCP6',    V1_6,                                                                      '2001:db8::5', 1026],
  ['v1 with mapped addresses', v1('TCP6', '::ffff:203.0.113.15', '::ffff:198.51.100.7', 1035, 25), '203.0.113.15', 1035],
  ['v2',         V2,                                                                        '203.0.113.6', 1027],
  ['v2 IPv6',    V2_6,                                                                      '2001:db8::6', 1028],
  ['v2 of 60016 bytes', LONG,                                                               '203.0.113.9', 1029],
  ['v2 LOCAL',   v2(LOCAL, 0, '')],
  ['v2 LOCAL with bytes', v2(LOCAL, TCP4, $some . noop(100))],
  ['v1 UNKNOWN', v1('UNKNOWN')],
  ['v1 UNKNOWN with addresses', v1('UNKNOWN 1.2.3.4 5.6.7.8 1 2')],
  ['v2 of no family', v2(PROXY, 0, '')],
  ['v2 UNIX',    v2(PROXY, UNIX, pack 'a108 a108', '/run/client', '/run/proxy')],
  ['v2 UDP',     v2(PROXY, 0x12, $some)],
);
for (@session) {
  my ($name, $header, $client, $port) = @$_;
  for my $prx (1, 0) {
    test("logs the messages of a session of $name " . ($prx ? 'with' : 'without') . ' +proxy', sub {
      my $c = shift->begin($header, on => $prx ? $exim : $hide);
      $c->banner;
      $c->command(($prx ? 'EHLO' : 'HELO') . ' case.test', qr/^250/);
      $c->message_arrives(sha => $client // $c->{ip}, shp => $port // $c->{sport}, p => $prx ? 'esmtp' : 'smtp') for 1, 2;
      $c->command('RSET', qr/^250 /);
      $c->quit;
      defined $client ? $c->saw(ps => 'yes', pha => $c->{ip}, sha => $client, shp => $port) : $c->is_itself;
    });
  }
}
test('logs no PRX= for a client that is not listed', sub {
  my $c = shift->connect(net => 250);
  $c->banner;
  $c->ehlo;
  $c->message_arrives(sha => $c->{ip}, shp => $c->{sport}, pha => '');
  $c->quit;
  $c->is_unlisted;
});
for (['v1', v1('TCP4', '203.0.113.5', '198.51.100.7', 1025, 25), '203.0.113.5 1025 198.51.100.7 25'],
  ['v2 IPv6', v2(PROXY, TCP6, ipv6('2001:db8::6', '2001:db8::8', 1025, 25)), '2001:db8::6 1025 2001:db8::8 25']) {
  my ($name, $header, $is) = @$_;
  test("logs a message by $name from a proxy at ::1", sub {
    my $c = shift->begin($header, v6 => 1);
    $c->banner;
    $c->ehlo;
    $c->message_arrives(sha => (split ' ', $is)[0], shp => 1025);
    $c->quit;
    $c->is_client($is);
  });
}

run();
