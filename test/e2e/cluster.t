#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing is lost: three Exims behind one HAProxy, with the guide's configuration, get mail from thousands of addresses. Meanwhile, in an
# order that the seed decides, Exims are killed (the daemon alone, or all processes of the node), drained, stopped and restarted, and
# HAProxy is reloaded. A client that did not see its message accepted tries again. In the end every message whose acceptance a client
# saw must have been delivered, whole, by an Exim that has the client's address in its log and in the Received: header. Twice is allowed.
#
# TEST_COUNT=N sends N messages (300), TEST_SEED=N repeats what is chosen at random.
use strict;
use warnings;
use FindBin ();
use lib "$FindBin::RealBin/../lib";
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(sleep);
use Lateness qw(now);
use Test::Exim ();
use Test::Guide;
use Test::Place qw(contents file within write_file);
use Test::SMTP ();

use constant {
  SENDERS => 16, BATCH => 5,      # a client sends 1 to BATCH messages in a session
  CLIENTS => 20_000,              # addresses of clients, from 127.1.0.0 on
  GIVE_UP => 900,                 # clock: seconds until a client gives up; only a hang takes so long
};
my ($count, $seed) = ($ENV{TEST_COUNT} // 300, $ENV{TEST_SEED} // int(time) % 1_000_000);
my $repeat = "TEST_COUNT=$count TEST_SEED=$seed prove -v $0";
note("to repeat: $repeat");

# A delivery whose parent is killed says so in the panic log, and a parent whose delivery is killed in the main log.
my ($port, $haproxy, @node) = cluster(rate => '30 / 1m', panic => qr/Failed writing transport results to pipe: Broken pipe$|signal 9/,
  haproxy => { CHECK_EVERY => '500ms', CLIENT_OPEN => 20, CLIENT_RATE => 1000 });
srand $seed;
my $began = now;
my @sender = map { start_sender($_) } 0 .. SENDERS - 1;
my $owner = $$;
END { if (defined $owner && $$ == $owner) { my $code = $?; kill 'KILL', @sender; $? = $code } }
my %done = disturb();
note(sprintf 'sent in %.0f s', now - $began);
for my $node (@node) { for (1 .. 20) { $node->queued or last; $node->run('-qff') } }
judge();
Test::Exim::all_well();
diag("to repeat: $repeat") if !Test::More->builder->is_passing;
done_testing();

# --- the clients ----------------------------------------------------------------------

# Every SENDERS-th message is sent by one process, which writes down what it tried and what was accepted.
sub start_sender {
  my ($n) = @_;
  my $pid = fork // die "fork: $!\n";
  return $pid if $pid;
  @SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;
  $SIG{PIPE} = 'IGNORE';
  srand $seed * SENDERS + $n;
  POSIX::_exit(eval { send_all($n); 1 } ? 0 : 1);
}

sub send_all {
  my ($n) = @_;
  open my $out, '>', file("sender-$n") or die "sender-$n: $!\n";
  $out->autoflush;
  my @number = grep { $_ % SENDERS == $n } 0 .. $count - 1;
  my $early = sub { !-e file('disturbed') };
  while (@number) {
    my $client = int rand CLIENTS;
    my $ip = sprintf '127.1.%d.%d', $client >> 8, $client & 255;
    my @mail = map { sprintf 'm%06d', $_ } splice @number, 0, 1 + int rand BATCH;
    print {$out} "sent $_ $ip\n" for @mail;
    my $give_up = now + GIVE_UP;
    # What went wrong is no matter here, as long as the client knows that it did.
    while (@mail && now < $give_up) { eval { send_some($ip, $out, \@mail); 1 } or sleep 0.1 + rand 0.5 }    # clock: no verdict depends on it
    # Not all is sent before each kind of disturbance has been. clock: the sleep spreads the sessions.
    sleep rand($early->() ? 2 : 0.3);
    within(sub { !$early->() }) if @number <= BATCH;
  }
  return;
}

# From one line to more than fits into a segment
sub text { return join '', map { join('', map { chr 97 + int rand 26 } 1 .. 60) . "\r\n" } 1 .. 1 + int 300 * rand() ** 4 }

# Messages that were accepted are taken from the list.
sub send_some {
  my ($ip, $out, $mail) = @_;
  my $c = Test::SMTP->connect(from => $ip, to => FRONT, port => $port->{25});
  $c->expect('the banner', qr/^220 /);
  $c->command('EHLO client.example', qr/^250/);
  while (my $id = $mail->[0]) {
    $c->message("$id\@client.example", 'user@local.example', "X-Test-Id: $id\r\n\r\n" . text() . "end of $id\r\n");
    print {$out} "accepted $id\n";
    shift @$mail;
  }
  $c->quit;
  return;
}

# --- the disturber --------------------------------------------------------------------

# clock: Does something every second or so, until all is sent: each kind once, then whatever comes. One node is always left alone.
sub disturb {
  my @due;    # [WHEN, NODE, CODE]
  my $later = sub { my ($node, $seconds, $code) = @_; push @due, [now + $seconds, $node, $code]; return };
  my $start = sub { $_[0]->start_daemon->ready };
  my $restart = sub { $_[0]->stop_daemon; $start->($_[0]) };
  my %do = (
    'nodes killed'     => sub { my ($node) = @_; $node->kill_all; $later->($node, 0.3 + rand 2, $start) },
    'daemons killed'   => sub { my ($node) = @_; $node->stop_daemon('KILL'); $later->($node, 0.3 + rand 1, $start) },
    'nodes restarted'  => $restart,
    'nodes drained'    => sub {
      my ($node) = @_;
      $haproxy->admin("set server smtp/$node->{name} state drain");
      $later->($node, 0.5 + rand 2, sub { $restart->($node); $haproxy->admin("set server smtp/$node->{name} state ready") });
    },
    'HAProxy reloaded' => sub { Test::Guide::reload($haproxy) },
  );
  my @kind = sort keys %do;
  my @first = map { $_->[1] } sort { $a->[0] <=> $b->[0] } map { [rand, $_] } @kind;
  my $run_due = sub {
    my ($by) = @_;
    my @now = grep { $_->[0] <= $by } @due;
    @due = grep { $_->[0] > $by } @due;
    for (@now) { my (undef, $node, $code) = @$_; $code->($node) }
  };
  my %times;
  while (@sender = grep { waitpid($_, WNOHANG) == 0 } @sender) {
    my $until = now + 0.3 + rand 1.2;
    while (now < $until) { $run_due->(now); sleep 0.05 }
    my @whole = grep { my $node = $_; !grep { $_->[1] == $node } @due } @node;
    next if @whole < 2;
    my $kind = @first ? shift @first : $kind[rand @kind];
    $do{$kind}->($whole[rand @whole]);
    $times{$kind}++;
    write_file(file('disturbed'), '') if !@first;
  }
  $run_due->(9**9**9) while @due;
  return map { $_ => $times{$_} // 0 } @kind;
}

# --- the end --------------------------------------------------------------------------

sub judge {
  my (%client, %accepted, %delivered, @damaged, @wrong, @queued);
  for (split /\n/, join '', map { contents(file("sender-$_")) } 0 .. SENDERS - 1) {
    my ($what, $id, $ip) = split / /;
    if ($what eq 'sent') { $client{$id} = $ip } else { $accepted{$id} = 1 }
  }
  for my $file (map { glob $_->path('mail/user/new/*') } @node) {
    my $mail = contents($file);
    my ($id) = $mail =~ /^X-Test-Id: (\S+)$/m;
    if (!defined $id || !$client{$id} || $mail !~ /^end of \Q$id\E\n\z/m) { push @damaged, $file; next }
    $delivered{$id}++;
    my ($received) = $mail =~ /^(Received:.*\n(?:[ \t].*\n)*)/m;
    push @wrong, "$id, sent from $client{$id}: $received" if $received !~ /\AReceived: from \[\Q$client{$id}\E\] \(helo=client\.example\)\n/;
  }
  for my $node (@node) {
    push @wrong, grep { !(/ <= (m\d{6})\@client\.example H=\(client\.example\) \[([\d.]+)\] P=esmtp PRX=\Q${\FRONT}\E S=/ && ($client{$1} // '') eq $2) } $node->log =~ /^(.* <= .*)$/mg;
    push @queued, unfinished($node);
  }
  my @twice = grep { $delivered{$_} > 1 } keys %delivered;
  note(sprintf '%d sent, %d delivered, %d of these more than once; %s', scalar keys %client, scalar keys %delivered, scalar @twice, join ', ', map { "$done{$_} $_" } sort keys %done);
  ok($done{$_}, "$_ at least once") for sort keys %done;
  is(scalar keys %accepted, $count, 'every message is accepted in the end');
  is(join(' ', grep { !$delivered{$_} } sort keys %accepted), '', 'every message that was accepted is delivered');
  is("@damaged", '', 'every message is whole');
  is(join("\n", @queued), '', 'the queues are empty');
  is(join("\n", @wrong), '', 'logs and Received: have the client, and not the proxy');
  return;
}

# A delivery ends with the removal of two files. One that is killed between them leaves a file with the envelope and none with the
# text, at which Exim looks in vain for ever; the message has been delivered.
sub unfinished {
  my ($node) = @_;
  return grep { my $id = $_; -e $node->path("input/$id-D") || $node->log !~ /^\S+ \S+ \Q$id\E => user /m } map { m{/([^/]+)-H\z} } glob $node->path('input/*-H');
}
