#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# -bs on a socket, as inetd starts it, and signals meanwhile. The other ways to run Exim without a daemon are in scenario 4084.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use Test::Header qw(v1 v2 LOCAL);
use Test::Place qw(contents within);
use Time::HiRes qw(sleep);
use Test::Wire;

my $exim = exim('main', idle => 1);
my $deadline = exim('deadline', deadline => 1, idle => 1);

my %own = (ria => qr/^(127\.0\.0\.1)?$/, rp => qr/^\d*$/);    # -oMi is what gives -bs these

test('takes v1', sub { my $c = shift->inetd($exim); $c->send(V1); $c->takes(V1_IS, %own) });
test('keeps the real ends for LOCAL', sub { my $c = shift->inetd($exim); $c->send(v2(LOCAL, 0, '')); $c->keeps(%own) });
test('refuses a bad v1', sub { my $c = shift->inetd($exim); $c->send(v1('TCP5', 'x')); $c->refuses(%own) });
test('waits no longer than the deadline for silence', sub { my $c = shift->inetd($deadline); $c->deadline; $c->refused; $c->is_failed(%own) });

# A process that has only begun would be ended by the signal: where that can be seen, wait until it takes it.
sub takes_usr1 {
  my ($pid) = @_;
  within(sub { contents("/proc/$pid/status") !~ /^SigCgt:\s*[0-9a-f]*([0-9a-f]{8})$/m or hex($1) & 1 << 9 });
  return;
}
test('takes v1 with signals in the middle of it', sub {
  my $c = shift->inetd($exim);
  $c->send(substr V1, 0, 20);
  takes_usr1($c->{server});
  for (1 .. 3) { sleep 0.3; kill 'USR1', $c->{server} }    # clock: their pace
  $c->send(substr V1, 20);
  $c->takes(V1_IS, %own);
});
test('waits no longer for a header while signals come', sub {
  my $c = shift->inetd($deadline);
  $c->send('PROXY ');
  takes_usr1($c->{server});
  my $signals = 0;
  until (defined $c->more(0.4)) {    # clock: their pace
    kill 'USR1', $c->{server};
    $c->fail('no deadline comes while there are signals') if ++$signals > 1000;
  }
  $c->deadline;
  $c->refused;
  $c->is_failed(%own);
});

run();
