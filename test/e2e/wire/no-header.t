#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# What cannot be a header is not consumed: Exim finds it as input that came too early.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::SMTP ();
use Test::Wire;

exim('main');
my $nosync = exim('nosync', nosync => 1, hide => 1);
my $pipe = exim('pipe', early => 1);

leaves(show($_), $_) for "EHLO x\r\n", "HELO x\r\n", "QUIT\r\n", "\n", "\0\0\0\0", "PROXX TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY\tTCP4 1.2.3.4 5.6.7.8 1 2\r\n",
  "PROXY\r\n", "proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "Proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n", " PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "\r\nEHLO x\r\n", "\r\n\r\nEHLO x\r\n",
  "\r\rPROXY UNKNOWN\r\n", "PUT / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nHost: x\r\n\r\n", "P\r\n", "PR\nOXY TCP4\r\n", "PROXYTCP4 1.2.3.4 5.6.7.8 1 2\r\n",
  "\r\n\r\n\0\r\nQUIT\r\n", "\r\n\r\n\0\r\nquit\nxxxxxxxxxxxx", "\xff" x 120, "PROXY\0TCP4\r\n", 'E', 'PROXx', "\r\n\r\n\0\r\nQUIX";
leaves(show($_->[0]) . ' by bytes', $_->[0], as => 'bytes:0.03', seen => $_->[1]) for
  ['EHLO x', 'E'], ['PROXX', 'PROXX'], ["\r\nE", "\r\nE"], ['PRO(', 'PRO('], ["\r\n\r\nQ", "\r\n\r\nQ"];
leaves(show($_->[0]) . " cut at $_->[1]", $_->[0], as => "cut:$_->[1]:0.5") for
  ['PROXX TCP4', 4], ["\r\nEHLO x\r\n", 2], ["PEHLO x\r\n", 1], ["PROXY\r\n", 5], ["\rEHLO\r\n", 1];
leaves('a TLS hello on a plain port', Test::SMTP::TLS->new->hello);

# With smtp_enforce_sync off they are commands, every one of them.
for (['a line, NOOP, RSET, QUIT', "PROXX x\r\nNOOP\r\nRSET\r\nQUIT\r\n", 3], ['QUIT', "QUIT\r\n", 0], ['CRLF, QUIT', "\r\nQUIT\r\n", 1]) {
  my ($name, $bytes, $refusals) = @$_;
  test("takes each for a command if synchronization is not enforced: $name", sub {
    my $c = shift->begin($bytes, on => $nosync);
    $c->banner;
    $c->expect("refused command $_", REFUSED) for 1 .. $refusals;
    $c->expect('QUIT', qr/^221 /);
    $c->ended;
    $c->is_failed;
  });
}
test('refuses an EHLO in place of a header also where early input is allowed', sub {
  my $c = shift->begin("EHLO x\r\n", on => $pipe);
  $c->refused_or_early;
  $c->is_failed;
});

run();
