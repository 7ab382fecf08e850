# SPDX-License-Identifier: GPL-2.0-or-later
package Test::Abuse;

# What the tests of test/e2e/abuse have in common: an Exim that is treated as nobody should, crowds of peers good and bad, and
# what must hold after all of it: good clients are still served, the bad ones are gone in time, every message whose acceptance a
# client saw is delivered, none that was refused is, no process is left, the daemon lives, and there is no report of a
# sanitizer if the binary has these.
#
# A test file is one part(). TEST_COUNT=N is used in place of the count that it has (in soak.t, TEST_MINUTES), and TEST_SEED=N for
# all that is chosen at random; both are always printed.

use strict;
use warnings;
use Exporter qw(import);
use List::Util qw(first max);
use POSIX ();
use Socket qw(:DEFAULT);
use Test::More;
use Time::HiRes qw(sleep);
use Lateness qw(now measure worst);
use Test::Crowd ();
use Test::Exim ();
use Test::HAProxy qw(PATIENT listen_on);
use Test::Header qw(v1 v2 REST_MAX);
use Test::Place qw(HANG contents file find_tool free_ports within write_file);
use Test::RandomHeader qw(good bad alien cut mutated pick);

use constant {
  EXIM => '127.0.2.1', FRONT => '127.0.4.1',
  LISTED => '127.0.1.0/24',     # peers that must send a header
  DEADLINE => 3,                # seconds for a header, if nothing else is set
  REFUSALS => 32,               # commands refused until the connection is dropped
  PATIENCE => 4,                # smtp_receive_timeout where that is waited for
  # clock: what is due may be late by a session's own time, and by the machine's lateness, several times (see Test::Wire)
  SESSION => 1, TURNS => 5, ATTEMPTS => 3,
  LOG_NEEDS => 3,               # file descriptors that Exim's daemon needs to write a log line
  NEVER => 2 * HANG,            # clock: an Exim that waits for this deadline has hung
  BAD => v1('TCP4 1.2.3.4 5.6.7.8 1 x'),
};

our @EXPORT = qw(part few none_of exim %mail %make @class EXIM LISTED DEADLINE REFUSALS PATIENCE SESSION TURNS ATTEMPTS NEVER BAD LOG_NEEDS
  sanitized listed peer memory memory_is_steady mail_peer serves all_served all_delivered waited slow_steps endless_kinds storm_steps storm_fault
  through_proxy start_proxy own_mounts no_mounts small_disk own_resolver name_server inside daemon_files limit_files answer_dns);

our %mail;                      # what became of each message: see mail_peer()
our %make = (good => \&good, bad => \&bad, alien => \&alien, cut => \&cut, mutated => \&mutated);
my %weight = (good => 35, bad => 25, alien => 8, cut => 15, mutated => 17);
our @class = map { ($_) x $weight{$_} } sort keys %weight;
my ($owner, $messages, $seed, $exim, $front, @helper) = ($$, 0);

my @tlv = qw(alpn authority unique_id netns ssl_version ssl_verify ssl_cn ssl_cipher ssl_sig_alg ssl_key_alg ssl_group ssl_sig_scheme
  aws_vpce_id azure_linkid gcp_psc_id 0x04 0x20 0xff);

# part(COUNT, CODE): all of a test file
sub part {
  my ($count, $code) = @_;
  my $unit = $0 =~ /soak/ ? 'TEST_MINUTES' : 'TEST_COUNT';
  $count = $ENV{$unit} // $count;
  $seed = $ENV{TEST_SEED} // int(time) % 1_000_000;
  local $SIG{PIPE} = 'IGNORE';
  my $began = now;
  note('Exim ' . Test::Exim::release() . (sanitized() ? ' with sanitizers' : '') . "; to repeat: $unit=$count TEST_SEED=$seed prove -v $0");
  measure(file('lateness'));
  eval { $code->($count); 1 } or do { my $why = $@; fail('goes through'); diag($why) };
  kill 'KILL', @helper;
  my @report = map { glob $_->path('sanitizer*') } Test::Exim::all();
  is(join('', map { substr contents($_), 0, 3000 } @report), '', 'no sanitizer reports anything') if sanitized();
  Test::Exim::all_well();
  note(sprintf '%.0f s, late by up to %.2f s', now - $began, worst($began));
  done_testing();
  return;
}
END { if ($$ == $owner) { my $code = $?; kill 'KILL', @helper; waitpid $_, 0 for @helper; $? = $code } }

sub sanitized { return contents(Test::Exim::binary()) =~ /__asan_init/ }

# none_of(NAME, WHAT...): there must be nothing; the first few complaints are shown.
sub none_of {
  my ($name, @what) = @_;
  local $Test::Builder::Level = $Test::Builder::Level + 1;
  return ok(!@what, $name) || diag(few(@what));
}
sub few { return join '', map { s/\n*\z/\n/r } @_ > 6 ? (@_[0 .. 5], '...and ' . (@_ - 6) . ' more') : @_ }

# --- Exim -----------------------------------------------------------------------------

# An Exim whose banner says whom it takes for the client, and for the proxy. Besides Test::Exim's options: set, more for the main
# section, where the deadline is far if nothing else is set; list, those who must send a header. The seed begins to count here.
sub exim {
  my ($name, %with) = @_;
  my %main = (proxy_protocol_timeout => NEVER . 's', smtp_accept_max => 1500, smtp_connect_backlog => 1500, log_selector => '+proxy +millisec',
    proxy_required_hosts => '<; ' . ($with{list} // LISTED), %{ $with{set} // {} });
  # Reports go into files: Exim closes standard error at times. What is freed is soon used again, and of where it was got only the
  # function is kept, for of ways to it there are always new ones: so the daemon's memory tells. What is got is full of `A`, so that
  # text without its end runs on to the end of the memory.
  my $log = 'log_path=' . file($name, 'sanitizer');
  local $ENV{ASAN_OPTIONS} = "detect_leaks=0:quarantine_size_mb=1:malloc_context_size=1:max_malloc_fill_size=1000000:malloc_fill_byte=65:$log";
  local $ENV{UBSAN_OPTIONS} = "print_stacktrace=1:$log";
  $exim = Test::Exim->new($name, %with, addresses => [EXIM], tls => 1, main => <<"END" . join('', map { "$_ = $main{$_}\n" } sort keys %main), rest => <<"END2");
add_environment = <; ASAN_OPTIONS=$ENV{ASAN_OPTIONS} ; UBSAN_OPTIONS=$ENV{UBSAN_OPTIONS}
smtp_banner = mx client=[\$sender_host_address] proxy=[\$proxy_host_address]
acl_smtp_connect = connect
acl_smtp_rcpt = accept
END
begin acl
connect:
  defer   message     = this port is for the load balancers
          condition   = \$proxy_session
          condition   = \${if eq{\$proxy_host_address}{}}
          condition   = @{[$with{defers} ? 'yes' : 'no']}
  warn    set acl_c_tlv = @{[map { "\$proxy_tlv_$_" } @tlv]} \\
            \${if def:proxy_tlv_ssl_client_cert {\${certextract{subject}{\$proxy_tlv_ssl_client_cert}}}}
  accept
begin routers
mailboxes:
  driver = accept
  local_parts = user
  transport = maildir
begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = DIR/mail
begin retry
* * F,1d,5m
END2
  $exim->start_daemon->ready;
  srand $seed;
  return $exim;
}

# A peer: from an address that must send a header, or from a certain one
sub listed { my (@steps) = @_; return peer('127.0.1.' . int(1 + rand 200), @steps) }
sub peer { my ($from, @steps) = @_; return { from => $from, to => EXIM, port => $exim->{ports}[0], steps => \@steps } }

# In kB
sub memory { return contents("/proc/$exim->{pid}/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0 }

# [CONNECTIONS, MEMORY]...: with sanitizers the memory of the first 2000 connections is not used again.
sub memory_is_steady {
  my ($count, @rss) = @_;
  my $early = max map { $_->[1] } $rss[0], grep { $_->[0] <= max(0.3 * $count, sanitized() ? 2000 : 0) } @rss;
  return cmp_ok($rss[-1][1], '<=', $early + 1024, "the daemon's memory does not grow from $early kB");
}

# --- mail -----------------------------------------------------------------------------

# A peer that sends some messages in a session, some seconds apart. %mail has for each
#   sent       its end has been sent, but no response to that was seen: it may have been accepted
#   accepted   the response was 250
#   refused    it was another one
sub mail_peer {
  my ($peer, $header, %how) = @_;
  my @steps = ([send => $header], [reply => qr/^220 /], [send => "EHLO client.example\r\n"], [reply => qr/^250 /m]);
  my $current;
  for (1 .. $how{messages} // 1) {
    my $id = sprintf 'm%06d', ++$messages;
    push @steps, [wait => rand 2 * $how{pause}] if $how{pause};
    push @steps, [send => "MAIL FROM:<$id\@client.example>\r\n"], [reply => qr/^250 /], [send => "RCPT TO:<user\@mx.test>\r\n"],
      [reply => qr/^250 /], [send => "DATA\r\n"], [reply => qr/^354 /], [call => sub { $mail{ $current = $id } = 'sent' }],
      [send => whole_text($id, $how{lines})], [reply => qr/^250 /], [call => sub { $mail{$id} = 'accepted' }];
  }
  $peer->{steps} = [@steps, [send => "QUIT\r\n"], [reply => qr/^221 /], [end => qr//]];
  $peer->{after} = sub { $mail{$current} = 'refused' if $_[0]{outcome} eq 'unexpected' && defined $current && $mail{$current} eq 'sent' };
  return $peer;
}

sub whole_text {
  my ($id, $lines) = @_;
  $lines //= 1 + int 300 * rand() ** 4;      # from one line to more than fits into a segment
  return "X-Test-Id: $id\r\n\r\n" . join('', map { join('', map { chr 97 + int rand 26 } 1 .. 60) . "\r\n" } 1 .. $lines) . "end of $id\r\n.\r\n";
}

# Messages one after another, to see that all is well
sub serves {
  my $crowd = Test::Crowd->new;
  my @peers = map { $crowd->add(mail_peer(listed(), good()->{bytes})) } 1 .. 3;
  $crowd->run;
  return all_served('good clients are served afterwards', @peers);
}

sub all_served {
  my ($name, @peers) = @_;
  local $Test::Builder::Level = $Test::Builder::Level + 1;
  return none_of($name, map { "$_->{outcome} in $_->{in}: " . ($_->{replies}[-1] // '') } grep { $_->{outcome} ne 'done' } @peers);
}

# Every message that was accepted is in the mailbox, once; none that was refused, and none that is not whole. Exim ids of
# messages that may be there twice can be given.
sub all_delivered {
  my (@twice) = @_;
  my @accepted = grep { $mail{$_} eq 'accepted' } sort keys %mail;
  my (%times, @odd);
  within(sub {
    (%times, @odd) = ();
    for my $file (glob $exim->path('mail/new/*')) {
      my $text = contents($file);
      my ($id) = $text =~ /^X-Test-Id: (\S+)$/m;
      if (defined $id && $mail{$id} && $text =~ /^end of \Q$id\E\n\z/m) { $times{$id}++ } else { push @odd, $file }
    }
    @accepted == grep { $times{$_} } @accepted;
  });
  my %id = @twice ? $exim->log =~ /^\S+ \S+ (\S+) <= (m\d+)@/mg : ();
  my %twice = map { $id{$_} ? ($id{$_} => 1) : () } @twice;
  none_of('every message that was accepted is delivered (' . @accepted . ')', grep { !$times{$_} } @accepted);
  none_of('every message is whole', @odd);
  none_of('none is delivered twice, and none that was refused', map { "$_: $mail{$_}, $times{$_} times" } grep { $times{$_} > 1 && !$twice{$_} || $mail{$_} eq 'refused' } sort keys %times);
  %mail = ();
  return;
}

# clock: the longest that a good client had to wait, through all that was in the daemon's queue. Bad ones wait there as well.
sub waited { return max map { ($_->{heard} // $_->{over}) - $_->{began} } @_ }

# --- what peers do --------------------------------------------------------------------

# A slow one: nothing, or a byte each second, of a header or of what is thrown away. None ever completes a good header, since a
# server that begins late finds many bytes at once.
sub slow_steps {
  my $header = pick(good(), bad())->{bytes};
  my $huge = v2(0x31, 0x11, "\0" x 1000, REST_MAX);
  my @how = ([], [], [[drip => 1, substr substr($header, 0, -1), 0, 60]], [[send => substr $header, 0, 5]],
    [[send => substr $huge, 0, 900], [drip => 1, $huge]], [[drip => 1, 'PROXY UNKNOWN ' . 'x' x 60]]);
  return (pick(@how)->@*, [wait => NEVER]);    # clock: for good
}

# What peers do after they have failed, without end
sub endless_kinds {
  my ($now_and_then) = @_;
  my @fail = ([send => BAD], [reply => qr/^220 mx client=\[[\d.]+\] proxy=\[\]$/m]);
  my @refused = ([send => "NOOP\r\n"], [reply => qr/^(?:503|554|421) /]);
  my %then = (
    'commands as fast as they are answered' => [(@refused) x 1000],
    'commands without waiting for answers' => [[flood => "NOOP\r\n" x 100]],
    'commands, answers not read' => [[deaf => 1], [flood => "NOOP\r\n" x 100]],
    'a command now and then' => [([wait => $now_and_then], @refused) x 1000],
    'nothing' => [[wait => 3600]],
    'one command, then nothing' => [@refused, [wait => 3600]],
    'one command, then a byte now and then' => [@refused, [drip => $now_and_then, 'x' x 10_000]],
    'a byte now and then' => [[drip => $now_and_then, 'x' x 10_000]],
    'a line without an end' => [[flood => 'x' x 10_000]],
    'mail without being asked' => [[flood => "MAIL FROM:<>\r\nRCPT TO:<user>\r\nDATA\r\nx\r\n.\r\n"]],
    'chunks' => [[flood => "BDAT 1000000\r\n" . 'x' x 100_000]],
  );
  return map { $_ => [@fail, $then{$_}->@*] } keys %then;
}

# A header in one piece or in some, now and then with TCP's urgent data in it if it does not matter what becomes of it
sub in_pieces {
  my ($header) = @_;
  my ($bytes, $class) = @$header{qw(bytes class)};
  return [send => $bytes] if $class eq 'alien' || rand() < 0.7 || length $bytes < 2 || $bytes =~ /\APROXY .{110}/s;   # the end of a line that is too long is looked for in what is there
  my @steps;
  my $at = 0;
  for my $cut ((sort { $a <=> $b } map { int rand length $bytes } 0 .. rand 4), length $bytes) {
    push @steps, [send => substr $bytes, $at, $cut - $at], [wait => rand 0.02];
    push @steps, [urgent => 'x'] if $class eq 'mutated' && rand() < 0.1;
    $at = $cut;
  }
  return @steps;
}

# The whole session of a header, and the answers that are due
sub storm_steps {
  my ($header, $from) = @_;
  my $class = $header->{class};
  my $end = $class eq 'cut' ? pick(qw(close shut reset reset), rand() < 0.1 ? 'hold' : 'close') : rand() < 0.15 ? pick(qw(close reset)) : '';
  my @sent = in_pieces($header);
  return (@sent, [shut => 1], [end => qr/\A\z/]) if $end eq 'shut';
  return (@sent, [$end => 1]) if $end eq 'close' || $end eq 'reset';
  return (@sent, [end => qr/\A554 /]) if $class eq 'alien';
  my ($ehlo, $quit) = $class eq 'good' ? (qr/^250 /m, qr/\A221 /) : $class eq 'mutated' ? (qr//, undef) : (qr/\A503 /, qr/\A221 /);
  my @rest = ([send => "EHLO client.example\r\n"], [reply => $ehlo], [send => "QUIT\r\n"], $quit ? [reply => $quit] : (), [end => qr//]);
  my ($client, $proxy) = $class eq 'good' ? ($header->{client} // $from, $from) : ($from, '');
  return (@sent, [reply => $class eq 'mutated' ? qr// : qr/\A220 mx client=\[\Q$client\E\] proxy=\[\Q$proxy\E\]$/], @rest);
}

# What is wrong with what happened. Of a mutated header nobody knows whether it is good: it must be that as a whole, or not at all.
sub storm_fault {
  my ($peer, $class) = @_;
  return $peer->{outcome} eq 'done' ? undef : "$peer->{outcome} in $peer->{in}" if $class ne 'mutated' || $peer->{outcome} eq 'late';
  my ($banner, $ehlo) = $peer->{replies}->@*;
  return if !defined $ehlo || $banner !~ /\A220 mx client=\[(.*?)\] proxy=\[(.*?)\]/;
  my ($client, $proxy) = ($1, $2);
  my $half = $ehlo =~ /^250 /m ? $proxy ne $peer->{from} : $ehlo =~ /\A503 / && ($proxy ne '' || $client ne $peer->{from});
  return $half ? 'half a header counts' : undef;
}

# --- HAProxy --------------------------------------------------------------------------

sub through_proxy { return { from => '127.0.3.' . int(1 + rand 40), to => FRONT, port => $front } }

sub start_proxy {
  ($front) = free_ports(1);
  return Test::HAProxy->new('haproxy', PATIENT . listen_on('smtp', FRONT . ":$front", '127.0.1.1', 'mx ' . EXIM . ":$exim->{ports}[0] send-proxy-v2"));
}

# --- mounts of Exim's own -------------------------------------------------------------

# Arguments of mount, made for the daemon and what it starts; to be put before its command
sub own_mounts {
  my (@mounts) = @_;
  return ('unshare', '--mount', '--propagation', 'private', 'sh', '-c', join(' && ', (map { join ' ', 'mount', @$_ } @mounts), 'exec "$@"'), 'sh');
}

# Why there can be none, or nothing
sub no_mounts {
  return 'needs root' if $>;
  my @try = own_mounts(['--bind', '/', '/']);
  return system("@try[0 .. 3] mount --bind / / >/dev/null 2>&1") ? 'a mount of our own cannot be made here' : '';
}

# A disk of that size, and the mount for it
sub small_disk {
  my ($size) = @_;
  my $where = file('disk');
  mkdir $where or die "$where: $!\n";
  Test::Exim::binary();
  Test::Exim::give($where);
  my ($uid, $gid) = (stat $where)[4, 5];
  return ($where, ['-t', 'tmpfs', '-o', "size=$size,mode=755,uid=$uid,gid=$gid", 'none', $where]);
}

# The socket of a name server, on which nothing answers as yet, and mounts by which Exim's resolver asks it; or nothing
sub name_server {
  return if !-f '/etc/resolv.conf';
  my $address = sprintf '127.%d.%d.53', 64 + int rand 128, int rand 256;    # no other test's, unless by accident
  socket my $server, AF_INET, SOCK_DGRAM, 0 or die "socket: $!\n";
  bind $server, pack_sockaddr_in(53, inet_aton($address)) or return;
  write_file(file('resolv.conf'), "nameserver $address\n");
  write_file(file('nsswitch.conf'), "hosts: files dns\n");
  return ($server, map { ['--bind', file($_), "/etc/$_"] } 'resolv.conf', -f '/etc/nsswitch.conf' ? 'nsswitch.conf' : ());
}

# A command where the daemon's mounts are seen
sub inside { my (@command) = @_; return ('nsenter', '--mount', '--target', $exim->{pid}, @command) }

# The address of the one name is that of our peers, and nothing else is known.
sub answer_dns {
  my ($server) = @_;
  my $pid = fork // die "fork: $!\n";
  if ($pid) { push @helper, $pid; return $pid }
  while (defined(my $from = recv $server, my $query, 512, 0)) {
    my ($id, $question) = unpack 'a2 x10 a*', $query;
    my ($name, $type) = $question =~ /\A(.*?\0)(..)../s or next;
    my $known = $name =~ /\A\x02lb\x07example\x03net\0\z/i;
    my $answer = $known && $type eq "\0\1" ? "\xc0\x0c\0\1\0\1\0\0\0\1\0\4" . inet_aton('127.0.1.1') : '';
    send $server, $id . "\x85" . ($known ? "\x80" : "\x83") . pack('n4', 1, $answer ? 1 : 0, 0, 0) . $name . $type . "\0\1$answer", 0, $from;
  }
  POSIX::_exit(0);
}

# --- file descriptors -----------------------------------------------------------------

# The lowest number that is free, once the daemon has come to rest, and its limit
sub daemon_files {
  my $has = -1;
  within(sub { my $was = $has; $has = first { !-l "/proc/$exim->{pid}/fd/$_" } 0 .. 99; sleep 0.2; $was == $has });    # clock: at rest is what does not change in this time
  return ($has, contents("/proc/$exim->{pid}/limits") =~ /^Max open files\s+(\d+)/m);
}

# By a process that is the daemon's user, which needs no privilege
sub limit_files {
  my ($n) = @_;
  my ($uid, $gid) = contents("/proc/$exim->{pid}/status") =~ /^Uid:\s+(\d+).*^Gid:\s+(\d+)/ms;
  my $pid = fork // die "fork: $!\n";
  if (!$pid) {
    if (!$>) { POSIX::setgid($gid); POSIX::setuid($uid) }
    { no warnings 'exec'; exec 'prlimit', '--pid', $exim->{pid}, "--nofile=$n:" }
    POSIX::_exit(1);
  }
  waitpid $pid, 0;
  die "prlimit fails\n" if $?;
  return;
}

1;
