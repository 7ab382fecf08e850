#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Peers of each kind that fail and then send commands for ever: all of them are ended, and good clients are served.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../../lib";
use List::Util qw(max);
use POSIX ();
use Test::More;
use Lateness qw(now worst);
use Test::Abuse;
use Test::Crowd ();
use Test::RandomHeader qw(good);
use Test::SMTP ();

part(3, sub {
  my ($count) = @_;
  # No clock ends good clients, at another port, nor peers in TLS, where the refusals are counted.
  my $exim = exim('mx', ports => 2, set => { smtp_receive_timeout => '${if eq{$received_port}{PORT}{' . PATIENCE . 's}{' . NEVER . 's}}' });
  my $start = now;
  my %kind = endless_kinds(PATIENCE / 8);
  my $crowd = Test::Crowd->new;
  my %peers = map { my $steps = $kind{$_}; ($_ => [map { $crowd->add(listed(@$steps)) } 1 .. $count]) } sort keys %kind;
  my @good = map { $crowd->add({ mail_peer(listed(), good()->{bytes}, messages => 3, pause => 0.5)->%*, port => $exim->{ports}[1] }) } 1 .. 5;
  pipe my $in, my $out or die "pipe: $!\n";
  my $pid = fork // die "fork: $!\n";
  if (!$pid) { syswrite $out, in_tls($exim->{tls_ports}[0]); POSIX::_exit(0) }
  close $out;
  $crowd->run;
  my $allowed = PATIENCE + SESSION + waited(@good) + TURNS * worst($start);    # clock: the upper bound, by how busy the machine was meanwhile
  for my $kind (sort keys %peers) {
    my @p = $peers{$kind}->@*;
    my $end = sub { $_[0]{gone_at} // $_[0]{over} };
    none_of("ends a peer that has failed and sends $kind", map { "$_->{outcome} in $_->{in}: " . substr $_->{said}, -300 } grep { $_->{outcome} !~ /\A(?:closed|reset)\z/ || $_->{said} =~ /^250/m } @p);
    cmp_ok(max(map { scalar(() = $_->{said} =~ /^503 /mg) } @p), '<=', REFUSALS, "refuses no more than that: $kind");
    cmp_ok(max(map { $end->($_) - ($_->{heard} // $_->{began}) } @p), '<=', $allowed, "ends it in time: $kind");
    # clock: where too few commands are sent to be too many, the time ends it, which began no earlier than ours
    ok(!grep({ $end->($_) - $_->{began} < PATIENCE } @p), "does not end it early: $kind") if $kind =~ /\bnothing|now and then/;
  }
  is(readline $in, REFUSALS . ' refusals', 'ends a peer that sends commands in TLS after as many refusals');
  waitpid $pid, 0;
  all_served('good clients are served all the while', @good);
  all_delivered();
});

sub in_tls {
  my ($port) = @_;
  my $refusals = 0;
  eval {
    my $c = Test::SMTP->connect(from => '127.0.1.1', to => EXIM, port => $port);
    $c->tls(after => BAD);
    $c->expect('the banner', qr/^220 /);
    $c->send("NOOP\r\n"), $refusals++ while $refusals < 1000 && ($refusals ? $c->reply // '' : '503') =~ /^503/;
    1;
  } or return $@;
  return $refusals - 1 . ' refusals';
}
