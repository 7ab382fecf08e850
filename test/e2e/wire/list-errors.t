#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Lists that cannot be evaluated: the peer is refused for now, and the log says so. A name that does not resolve is skipped.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::Place qw(file write_file);
use Test::Wire;

my %broken = (list => '${lookup{x}lsearch{DIR/missing}}', panic => qr/\/missing/);
my %exim = (
  'an item that defers'     => exim('defer', tls => 1, list => '127.31.0.0/16 : +broken', main => 'hostlist broken = ${lookup{x}lsearch{DIR/missing}}', panic => qr/\/missing/),
  'an expansion that fails' => exim('badexp', tls => 1, %broken),
);
my $names = qr/^\S+ \S+ (?!CONN).*/;

for my $kind (sort keys %exim) {
  my $on = $exim{$kind};
  for (['nothing', ''], ['v1', V1], ['EHLO', "EHLO x\r\n"]) {
    my ($name, $bytes) = @$_;
    test("refuses for now at $kind: the peer sends $name", sub {
      my $c = shift->begin($bytes, on => $on);
      $c->expect('a list that cannot be evaluated', qr/^4\d\d[ -]/);
      $c->ended;
      $c->logged("a refusal that names $c->{ip}", qr/$names\[\Q$c->{ip}\E\]/);
      $c->not_logged('the connect ACL', qr/ CONN .*<\Q$c->{ip}\E>/);
    });
  }
  test("closes at $kind on a port for TLS on connect", sub {
    my $c = shift->connect(on => $on, tls => 1);
    while ($c->more) { }
    $c->fail('the connection is still open') if !$c->{gone};
    $c->logged("a refusal that names $c->{ip}", qr/$names\[\Q$c->{ip}\E\]/);
  });
}
takes('v1 of a peer in an item before one that defers', V1, V1_IS, on => $exim{'an item that defers'}, net => 31);

# Errors about the list name the option as it was written.
for my $option ('proxy_required_hosts', 'hosts_proxy') {
  my $set = sub { my ($value) = @_; return (list => undef, main => "$option = $value") };
  my $file = exim("file-$option", $set->('/nonexistent/file'), panic => qr/\/nonexistent\/file/);
  test("names $option in the log if a file cannot be read", sub {
    my $c = shift->connect(on => $file);
    $c->expect('a list that cannot be evaluated', qr/^4\d\d[ -]/);
    $c->quit;    # Exim waits for it
    $c->logged("an error of $option", qr{/nonexistent/file when checking $option\b});
    $c->not_logged('the connect ACL', qr/ CONN .*<\Q$c->{ip}\E>/);
  });
  my $lookup = exim("lookup-$option", $set->($broken{list}), panic => $broken{panic});
  test("names $option in the log if it cannot be expanded", sub {
    my $c = shift->connect(on => $lookup);
    $c->expect('a list that cannot be evaluated', qr/^4\d\d[ -]/);
    $c->ended;
    $c->logged("a refusal that names $option", qr/temporarily refused connection from \[\Q$c->{ip}\E\]\S* .*\b$option could not be checked$/);
  });
}
my $missing = exim('missing', list => 'net-lsearch;DIR/missing', panic => qr/\/missing/);
test('refuses for now at a lookup without its file, over which Exim itself panics', sub {
  my $c = shift->begin(V1, on => $missing);
  $c->expect('a list that cannot be evaluated', qr/^4\d\d[ -]/);
});

# A name that does not resolve: the proxy after it must send a header. These Exims look for names in /etc/hosts only, so that they
# ask no name server; 127.0.0.1 has no name there that is verified (dns_check_names_pattern).
write_file(file('nsswitch.conf'), "hosts: files\n");
my @files_only = ('unshare', '--mount', '--propagation', 'private', 'sh', '-c', 'mount --bind ' . file('nsswitch.conf') . ' /etc/nsswitch.conf && exec "$@"', 'sh');
my $cannot = $> || !-f '/etc/nsswitch.conf' || system "@files_only[0 .. 3] mount --bind / / >/dev/null 2>&1";
my %name = (
  'a list'       => { before => \@files_only, list => 'no-such-host.invalid : 127.0.0.1' },
  'a named list' => { before => \@files_only, list => '+proxies', main => 'hostlist proxies = no-such-host.invalid : 127.0.0.1' },
  'a file'       => { before => \@files_only, list => 'DIR/proxies' },
  'a list, a name of the peer,' => { list => '*.example.net : 127.0.0.1', main => 'host_lookup_order = byaddr' },
);
my $n = 0;
for my $kind (sort keys %name) {
  my $skip = $cannot && $name{$kind}{before};
  my $on = exim('name' . ++$n, $name{$kind}->%*, idle => 1);
  write_file($on->path('proxies'), "no-such-host.invalid\n127.0.0.1\n");
  $on->start_daemon if !$skip;
  my $try = sub {
    my ($name, $code) = @_;
    test("$name after an unknown name in $kind", sub {
      my ($case) = @_;
      $case->skip('a mount of our own cannot be made here') if $skip;
      $code->($case);
    });
  };
  $try->('takes a header of a peer', sub { my $c = shift->begin(V1, on => $on, from => '127.0.0.1'); $c->takes(V1_IS) });
  $try->('takes nothing else of a peer', sub { my $c = shift->begin("EHLO x\r\n", on => $on, from => '127.0.0.1'); $c->early("EHLO x\r\n"); $c->is_failed });
  $try->('serves an unlisted client', sub { my $c = shift->connect(on => $on); $c->serves });
}

run();
