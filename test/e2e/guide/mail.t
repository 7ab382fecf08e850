#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Mail through the guide's HAProxy: in the clear, with STARTTLS, with TLS passed through and ended at HAProxy, over IPv6 on either side.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Exim ();
use Test::Guide;
use Test::Place qw(free_ports has_ipv6 within);

my ($port, $haproxy) = cluster();
my $front = quotemeta FRONT;

my $c = session($port->{25});
my ($line, $received) = mail($c);
like($line, qr/ H=\(client\.example\) \[\Q$c->{ip}\E\] P=esmtp PRX=$front S=/, 'port 25: logs the client and the proxy');
like($received, qr/\AReceived: from \[\Q$c->{ip}\E\] \(helo=client\.example\)\n/, 'port 25: Received: names the client');
unlike($c->{ehlo}, qr/^250.AUTH/m, 'port 25: does not offer AUTH');
like(recipient($c, 'user@elsewhere.example'), qr/^550 relay not permitted/, 'port 25: does not relay');
like(recipient($c, 'nobody@local.example'), qr/^550 no such user/, 'port 25: refuses unknown users');
$c->quit;
my ($logged, $id);
within(sub { ($logged, $id) = $haproxy->said =~ /(\Q$c->{ip}:$c->{sport}\E .* id=(\S+))$/m });
like($logged, qr{ mail smtp/$c->{node} }, 'port 25: HAProxy logs the node');
my $log = Test::Guide::named($c->{node})->log;
like($log, qr/^\S+ \S+ connection from \[\Q$c->{ip}\E\] via $front id=\Q$id\E$/m, 'port 25: Exim logs the same id for the connection');
like($log, qr/^\S+ \S+ \S+ id=\Q$id\E$/m, 'port 25: Exim logs it for the message');

for my $number (25, 587) {
  $c = session($port->{$number});
  like($c->{ehlo}, qr/^250.STARTTLS$/m, "STARTTLS on $number: is offered");
  unlike($c->{ehlo}, qr/^250.AUTH/m, "STARTTLS on $number: AUTH is not offered before it");
  like(recipient($c, 'user@local.example'), qr/^550 authentication required/, 'STARTTLS on 587: authentication is required') if $number == 587;
  $c->quit;
  $c = session($port->{$number}, tls => 'STARTTLS');
  is($c->{handshake}->subject, '/CN=exim.example', "STARTTLS on $number: the certificate is Exim's");
  secure($c, "STARTTLS on $number", 'esmtpsa X=TLS\S*');
}
$c = session($port->{465}, tls => 'on-connect');
is($c->{handshake}->subject, '/CN=exim.example', 'TLS passed through: the certificate is Exim\'s');
unlike($c->{ehlo}, qr/^250.STARTTLS/m, 'TLS passed through: STARTTLS is not offered');
like(recipient($c, 'user@local.example'), qr/^550 authentication required/, 'TLS passed through: nothing is taken without AUTH');
secure($c, 'TLS passed through', 'esmtpsa X=TLS\S*');
$c = session($port->{tls}, tls => 'on-connect');
is($c->{handshake}->subject, '/CN=proxy.example', 'TLS ended at HAProxy: the certificate is HAProxy\'s');
unlike($c->{ehlo}, qr/^250.STARTTLS/m, 'TLS ended at HAProxy: STARTTLS is not offered');
secure($c, 'TLS ended at HAProxy', 'esmtpa');

sub secure {
  my ($s, $name, $protocol) = @_;
  like($s->{ehlo}, qr/^250.AUTH PLAIN$/m, "$name: AUTH is offered");
  like(authenticate($s), qr/^235 /, "$name: AUTH works");
  like(recipient($s, 'user@elsewhere.example'), qr/^250 /, "$name: relaying is permitted");
  like((mail($s))[0], qr/ H=\(client\.example\) \[\Q$s->{ip}\E\] P=$protocol .*PRX=$front /, "$name: logs the client and the proxy");
  $s->quit;
  return;
}

SKIP: {
  skip('no IPv6 here', 3) if !has_ipv6();
  $c = session($port->{25}, from => '::1', to => '::1');
  ($line, $received) = mail($c);
  like($line, qr/ H=\(client\.example\) \[::1\] P=esmtp PRX=$front S=/, 'IPv6 to HAProxy: logs the client and the proxy');
  like($received, qr/\AReceived: from \[::1\] \(helo=client\.example\)\n/, 'IPv6 to HAProxy: Received: names the client');
  $c->quit;
  my %port6;
  @port6{qw(PORT_25 PORT_465 PORT_587)} = free_ports(3);
  node('mx6', NODE_ADDRESSES => '::1', PROXIES => '::1', %port6)->ready;
  my $second = balancer('haproxy6', { PUBLIC4 => '127.0.1.5', PUBLIC6 => '127.0.1.6', PROXY_SOURCE => '[::1]', (map { ("MX$_" => '[::1]') } 1 .. 3), %port6 }, 'haproxy.cfg');
  $second->all_up(3);
  $c = session($port6{PORT_25}, to => '127.0.1.5');
  like((mail($c))[0], qr/ H=\(client\.example\) \[\Q$c->{ip}\E\] P=esmtp PRX=::1 S=/, 'IPv6 to Exim: logs the client and the proxy');
  $c->quit;
}
Test::Exim::all_well();
done_testing();
