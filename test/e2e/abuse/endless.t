#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Peers of each kind that fail and then send commands for ever: all of them are ended, and good clients are served.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib", "$FindBin::RealBin/../../lib";
use List::Util qw(max);
use POSIX ();
use Test::Abuse;
use Test::Crowd ();
use Guide qw(address smtp_connect smtp_secure smtp_reply smtp_command);
use Test::RandomHeader qw(good);
use Lateness qw(now worst);

sub endless {
  my ($count) = @_;
  # Not for good clients, at another port, nor in TLS, where the refusals are counted: there no clock may end it.
  exim_node(main => { smtp_receive_timeout => sub { "\${if eq{\$received_port}{$p25}{" . PATIENCE . 's}{' . NEVER . 's}}' } });
  my $start = now;
  my %kind = endless_kinds(PATIENCE / 8);
  my $crowd = Test::Crowd->new;
  my %peers;
  for my $kind (sort keys %kind) {
    $peers{$kind} = [map { $crowd->add(listed($kind{$kind}->@*)) } 1 .. $count];
  }
  my @good = map { $crowd->add({ mail_peer(listed(), good()->{bytes}, messages => 3, pause => 0.5)->%*, port => $pfront }) } 1 .. 5;
  my $tls = in_tls(BAD);
  $crowd->run;
  my $allowed = PATIENCE + SESSION + waited(@good) + TURNS * worst($start);    # clock: the upper bound, by how busy the machine was meanwhile
  for my $kind (sort keys %peers) {
    my @p = $peers{$kind}->@*;
    my $seconds = max map { ($_->{gone_at} // $_->{over}) - ($_->{heard} // $_->{began}) } @p;
    my $early = grep { ($_->{gone_at} // $_->{over}) - $_->{began} < PATIENCE } @p;
    my $refusals = max map { scalar(() = $_->{said} =~ /^503 /mg) } @p;
    my @odd = grep { $_->{outcome} !~ /\A(?:closed|reset)\z/ or $_->{said} =~ /^250/m } @p;
    # clock: where too few commands are sent to be too many, the time ends it, which began no earlier than ours
    $early = 0 if $kind !~ /\bnothing|now and then/;
    check(sprintf('endless: %s: gone after %.1f s, %d refusals', $kind, $seconds, $refusals),
      !@odd && !$early && $refusals <= REFUSALS && $seconds <= $allowed,
      sprintf("%d were gone before %d s, %.1f s are allowed\n", $early, PATIENCE, $allowed) . few(map { "$_->{outcome} in $_->{in}: " . substr $_->{said}, -300 } @odd));
  }
  check_tls($tls);
  check_served('endless: good clients are served all the while', @good);
  check_mail('endless');
  check_after('endless');
  return;
}

# The same in TLS: a process of its own, which says what it saw.
sub in_tls {
  my ($bad) = @_;
  eval { require IO::Socket::SSL; 1 } or return;
  pipe my $in, my $out or die "pipe: $!\n";
  my $pid = fork // die "fork: $!\n";
  if ($pid) { close $out; push @helper, $pid; return { pid => $pid, in => $in } }
  my ($refusals, $end) = (0, '');
  eval {
    my $s = smtp_connect(address(1), address(NODE), $ptls);
    print { $s->{socket} } $bad;
    $s->{socket}->flush;
    smtp_secure($s);
    smtp_reply($s) =~ /\A220 / or die "no banner\n";
    while (($end = smtp_command($s, 'NOOP')) =~ /\A503 /) { last if ++$refusals > 1000 }
    1;
  } or $end = $@;
  syswrite $out, "$refusals $end";
  POSIX::_exit(0);
}

sub check_tls {
  my ($tls) = @_;
  return skip('endless: commands in TLS: no IO::Socket::SSL here') if not $tls;
  waitpid $tls->{pid}, 0;
  @helper = grep { $_ != $tls->{pid} } @helper;
  my ($refusals, $end) = readline($tls->{in}) =~ /\A(\d+) (.*)/s;
  check("endless: commands in TLS: $refusals refusals", $refusals == REFUSALS, $end);
  return;
}

part('endless', 3, \&endless);
