#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# The limit for each client, through a real HAProxy that is killed.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Clients;
use Test::Exim ();
use Test::HAProxy qw(PATIENT listen_on);
use Test::Place qw(free_ports);
use Test::SMTP ();

use constant { PUBLIC => '127.0.1.100', AT_ONCE => 40 };
my $exim = limited('mx')->start_daemon->ready;
my ($port) = free_ports(1);
my $haproxy = Test::HAProxy->new('haproxy', PATIENT . listen_on('smtp', PUBLIC . ":$port", '127.0.1.1', 'mx ' . EXIM . ":$exim->{ports}[0] send-proxy-v2"));
for my $round ('', ' again') {
  my @c = begun(map { Test::SMTP->connect(from => '127.0.0.77', to => PUBLIC, port => $port) } 1 .. AT_ONCE);
  lets_in("lets the limit of 40 sessions of one client in$round", LIMIT, @c);
  $haproxy->stop('KILL');
  ok($exim->no_children, "has no session left when HAProxy is killed$round");
  $haproxy->start;
}
Test::Exim::all_well();
done_testing();
