#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The list of proxies needs a DNS that does not answer: clients are refused for now, until it does.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib", "$FindBin::RealBin/../../lib";
use List::Util qw(max);
use Test::Abuse;
use Test::Crowd ();
use Guide qw(address node_log);
use Test::RandomHeader qw(good);

# The list has a name, or a look-up; the resolver's configuration is one that only this daemon sees.
sub dns {
  my ($count) = @_;
  my $cannot = no_mounts();
  return skip("dns: $cannot") if $cannot;
  my %list = ('a host name' => 'no-such-host.invalid ; lb.example.net', 'a look-up' => '${lookup dnsdb{>; a=lb.example.net}}');
  for my $kind (sort keys %list) {
    my $server = name_server() or return skip("dns: $kind: there is no /etc/resolv.conf, or port 53 is not to be had");
    my @as = own_mounts(own_resolver());
    # clock: our name server answers unless the machine is later than this
    exim_node(list => $list{$kind}, as => \@as, main => { dns_retrans => '5s', dns_retry => 1 });
    my $crowd = Test::Crowd->new;
    my @peers = map { $crowd->add(mail_peer(peer(1), good()->{bytes})) } 1 .. $count;
    $crowd->run;
    my @odd = grep { $_->{outcome} ne 'unexpected' or $_->{said} ne "421 mx.example.com: Temporary local problem; please try again later\r\n" } @peers;
    check(sprintf('dns: %s, and no answer: 421 after %.1f s', $kind, max map { $_->{over} - $_->{began} } @peers), !@odd, few(map { "$_->{outcome} in $_->{in}: $_->{said}" } @odd));
    my $logged = () = node_log($node) =~ /temporarily refused connection from \[\Q@{[address(1)]}\E\]: proxy_required_hosts could not be checked$/mg;
    check("dns: $kind: that is in the log", $logged == $count, $logged);
    my $answering = answer_dns($server);
    @peers = map { $crowd->add(mail_peer(peer(1), good()->{bytes})) } 1 .. $count;
    $crowd->run;
    check_served("dns: $kind: good clients are served when it answers again", @peers);
    check_mail('dns');
    check_after('dns', qr/failed to expand .* gave DEFER/);    # Exim says that of any list
    again();
  }
  return;
}

part('dns', 5, \&dns);
