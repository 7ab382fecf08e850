#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# smtp_accept_max_per_host counts the sessions of each real client, and no others: those that were killed, have ended, or have no
# client of their own do not count.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::More;
use Test::Clients;
use Test::Exim ();
use Test::Header qw(v2 LOCAL);
use Test::Place qw(contents within);

use constant AT_ONCE => 40;
my $client = '198.51.100.7';
# The daemon has no limit for a peer, and a session that has had its header does: so one without a client would reach it.
my $exim = limited('mx', tls => 1, smtp_accept_max_per_host => '${if def:proxy_host_address {' . LIMIT . '}{0}}');
my @without = map { limited(@$_) } ['no-list', proxy_required_hosts => undef], ['no-limit', smtp_accept_max_per_host => undef],
  ['no-limit-at-all', smtp_accept_max_per_host => undef, smtp_accept_max => 0];
$_->start_daemon for $exim, @without;
$_->ready for $exim, @without;

my @c = crowd($exim, AT_ONCE, $client);
lets_in('lets the limit of 40 sessions of one client in', LIMIT, @c);
is(scalar(() = $exim->log =~ /Connection from \[\Q$client\E\] refused: too many connections from that IP address$/mg), AT_ONCE - LIMIT, 'logs each that it turns away');
lets_in('lets another client in', LIMIT, crowd($exim, LIMIT, '198.51.100.8'));
my @local = begun(map { session($exim, 1, v2(LOCAL, 0, '')) } 1 .. 2 * LIMIT);
lets_in('does not limit sessions without a client', 2 * LIMIT, @local);
is(session($exim, 2, header($client, 0), $exim->{tls_ports}[0])->reply, undef, 'only closes the connection where TLS is expected');

my ($pid) = map { $_->{reply} =~ /^220 \S+ (\d+)/ } @c;
kill 'KILL', $pid;
within(sub { !-e "/proc/$pid" });
lets_in('lets one in after one was killed', 1, crowd($exim, AT_ONCE, $client));
leave($exim, @c, @local);
lets_in('lets the limit in after all have gone', LIMIT, @c = crowd($exim, AT_ONCE, $client));
kill 'KILL', $exim->children;
ok($exim->no_children, 'has no session left after all were killed');
lets_in('lets the limit in after all were killed', LIMIT, @c = crowd($exim, AT_ONCE, $client));
$exim->{started} = $exim->starts;
kill 'HUP', $exim->{pid};
$exim->ready;
$_->closes for @c;
lets_in('begins with nobody when the daemon starts again', LIMIT, crowd($exim, AT_ONCE, $client));

sub shared { my ($e) = @_; return contents("/proc/$e->{pid}/maps") =~ m{rw-s .* /dev/zero} ? 1 : 0 }
is(shared($exim), 1, 'has memory that its sessions share');
is(shared($_), 0, "has none: $_->{name}") for @without;

Test::Exim::all_well();
done_testing();
