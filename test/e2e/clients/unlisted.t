#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# A proxy that is not listed sends its header when it has seen the banner: it is told, the log names it, and the session ends,
# however Exim is configured. What comes before the banner is for test/e2e/wire/listed.t.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Clients;
use Test::Exim ();
use Test::Header qw(v1 v2 LOCAL SIGNATURE);
use Test::Place qw(within);
use Test::SMTP ();

my %header = ('v1' => header('198.51.100.7', 0), 'v2' => header('198.51.100.7', 1), 'LOCAL' => v2(LOCAL, 0, ''), 'only a signature' => SIGNATURE,
  'v1 and commands' => header('198.51.100.7', 0) . "EHLO x\r\nQUIT\r\n", 'a v1 line without an end' => 'PROXY TCP4 ');
my %option = (
  'the default' => {}, 'PIPECONNECT' => { pipelining_connect_advertise_hosts => '*' }, 'no synchronization' => { smtp_enforce_sync => 'false' },
  'no list' => { proxy_required_hosts => undef }, 'hosts_proxy' => { proxy_required_hosts => undef, hosts_proxy => '127.255.255.1' },
);
my $n = 0;
my %exim = map { $_ => limited('mx' . ++$n, tls => 1, $option{$_}->%*) } sort keys %option;
$_->start_daemon for values %exim;
$_->ready for values %exim;

for my $with (sort keys %exim) {
  my $exim = $exim{$with};
  my $why = $with eq 'no list' ? 'but proxy_required_hosts is not set' : 'which is not in ' . ($with eq 'hosts_proxy' ? 'hosts_proxy' : 'proxy_required_hosts');
  my $lines = 0;
  my $logged = sub { scalar(() = $exim->log =~ /^\S+ \S+ PROXY header from \[127\.0\.0\.1\], \Q$why\E$/mg) };
  for my $kind (sort keys %header) {
    my ($c) = begun(Test::SMTP->connect(to => EXIM, port => $exim->{ports}[0]));
    $c->send($header{$kind});
    is($c->reply, '554 Unexpected PROXY header', "tells that $kind is unexpected, with $with");
    is($c->reply, undef, "ends the session after $kind, with $with");
    is($logged->(), ++$lines, "logs who sent $kind, with $with");
  }
  my ($c) = begun(Test::SMTP->connect(to => EXIM, port => $exim->{ports}[0]));
  like($c->command('QUIT', qr/^/), qr/^221 /, "serves others, with $with");
  for my $kind ('v1', 'v2', 'neither TLS nor a header') {
    $c = Test::SMTP->connect(to => EXIM, port => $exim->{tls_ports}[0]);
    $c->send($header{$kind} // $kind);
    while ($c->more) { }
    ok($c->{gone}, "ends the connection at $kind where TLS is expected, with $with");
    unlike($c->{got}, qr/^\d{3} /m, "says nothing in clear to $kind where TLS is expected, with $with");
    $c->closes;    # GnuTLS waits for that
    $lines++ if $header{$kind};
    is($logged->(), $lines, ($header{$kind} ? 'logs who sent ' : 'logs no proxy for ') . "$kind where TLS is expected, with $with");
  }
  is(scalar(() = $exim->log =~ /PROXY header from/g), $lines, "takes nothing else for a header, with $with");
}
Test::Exim::all_well();
done_testing();
