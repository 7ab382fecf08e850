#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The list of proxies needs a DNS that does not answer: clients are refused for now, until it does.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Abuse;
use Test::Crowd ();
use Test::RandomHeader qw(good);

# The list has a name, or a look-up; the resolver's configuration is one that only this daemon sees.
part(5, sub {
  my ($count) = @_;
  my $cannot = no_mounts();
  my %list = ('a host name' => 'no-such-host.invalid ; lb.example.net', 'a look-up' => '${lookup dnsdb{>; a=lb.example.net}}');
  SKIP: for my $kind (sort keys %list) {
    skip($cannot, 1) if $cannot;
    my ($server, @mounts) = name_server() or skip('there is no /etc/resolv.conf, or port 53 is not to be had', 1);
    # clock: our name server answers unless the machine is later than this. Exim says of any list that its expansion gave DEFER.
    my $exim = exim($kind =~ tr/ /-/r, list => $list{$kind}, before => [own_mounts(@mounts)], panic => qr/failed to expand .* gave DEFER/, set => { dns_retrans => '5s', dns_retry => 1 });
    my $crowd = Test::Crowd->new;
    my $clients = sub { my @p = map { $crowd->add(mail_peer(peer('127.0.1.1'), good()->{bytes})) } 1 .. $count; $crowd->run; return @p };
    none_of("refuses for now: $kind, and no answer", map { "$_->{outcome} in $_->{in}: $_->{said}" }
        grep { $_->{outcome} ne 'unexpected' || $_->{said} ne "421 $exim->{hostname}: Temporary local problem; please try again later\r\n" } $clients->());
    is(scalar(() = $exim->log =~ /temporarily refused connection from \[127\.0\.1\.1\]: proxy_required_hosts could not be checked$/mg), $count, "logs each refusal: $kind");
    answer_dns($server);
    all_served("good clients are served when it answers: $kind", $clients->());
    all_delivered();
    $exim->stop_daemon;
    delete $exim->{pid};
  }
});
