# SPDX-License-Identifier: GPL-2.0-or-later
package Scenario::Script;

# Reads one script and carries out its commands.  Dies with the reason when the
# scenario cannot pass, with a hash { skip => reason } when this runner has not what it
# asks for; returns when every command did what the script says.

use strict;
use warnings;
use File::Glob ":bsd_glob";
use Scenario::Munge ();
use Scenario::Place ();
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep);

# clock: how often a condition is looked at; and for commands that give no sign of being ready, what Exim's
# own runtest waits (no scenario here has such a command). Only the scenario's own time limit ends a wait.
use constant { POLL => 0.02, SETTLE => 0.3 };
use constant MACHINE_COMMANDS => qr/^(?:(?:ln|ls|du|mkdir|mkfifo|touch|cp|cat)|sudo\s(?:mkdir|rmdir|rm|mv|cp|chown|chmod))\s/;
use constant UTILITY => qr/^(?:dump|dbmbuild|exinext|exigrep|exiqgrep|eximstats)\b/;
use constant EXIM_UTILITY => qr/^_(?:dumpdb|fixdb|id_update|lock|msgdate|tidydb)$/;

# What a signal's death looks like, if a shell stood in between.
my %deadly = (4 => 'SIGILL', 6 => 'SIGABRT', 7 => 'SIGBUS', 8 => 'SIGFPE', 11 => 'SIGSEGV');

my %flags = map { $_ => 1 } qw(no_message_check no_msglog_check no_munge no_stderr_check
                               no_stdout_check sortlog);
my %needs = map { $_ => 1 } qw(need_ipv4 need_ipv6 need_largefiles need_move_frozen_messages);

# path: the script.  world, place, process.  say: called with text for a watcher.
sub new {
  my ($class, %arg) = @_;
  my $self = bless { %arg, flag => {}, need => {}, custom => undef, line_number => 0,
    daemons => [] }, $class;
  open my $in, '<', $arg{path} or die "cannot read $arg{path}: $!\n";
  $self->{lines} = [<$in>];
  ($self->{title}) = ($self->{lines}[0] // '') =~ /^#\s?(.*?)\s*$/;
  defined $self->{title} or die "line 1 of the script must be a comment, its title\n";
  $self->read_flags;
  return $self;
}

sub read_flags {
  my ($self) = @_;
  for (@{ $self->{lines} }) {
    my ($word) = /^(\w+)/ or next;
    $self->{flag}{$word} = 1 if $flags{$word};
    $self->{need}{$word} = 1 if $needs{$word};
  }
  return;
}

# Why this scenario cannot run here, or undef.
sub unmet {
  my ($self, $conf) = @_;
  my $world = $self->{world};
  my $all = join '', @{ $self->{lines} }, $conf;
  return 'needs IPv6 on the loopback interface'
    if $self->{need}{need_ipv6} and not $world->{have_ipv6};
  return 'needs an IPv6 address that is not loopback or link-local'
    if $all =~ /\bHOSTIPV6\b/ and not $world->{own_ipv6};
  return 'needs an Exim with support for moving frozen messages'
    if $self->{need}{need_move_frozen_messages} and not $world->{has}{support}{move_frozen_messages};
  return 'needs Net::SSLeay (Debian: libio-socket-ssl-perl)'
    if $all =~ /^client-(?:ssl|gnutls|anytls)\b|^server\s.*-tls\b/m and not eval { require Net::SSLeay };
  return 'needs root (sudo chown)' if not $world->{root} and $all =~ /^sudo\s+chown\b/m;
  return 'needs root (a local message from a caller who is not Exim\'s own user)'
    if not $world->{root} and $all =~ /^exim\s(?:.*\s)?-b[sS]\b/m and $all =~ /^mail from:/mi
    and $conf !~ /^\s*trusted_users\s*=.*\bCALLER\b/m;
  return 'needs root (exim_exim or sudo -u)'
    if not $world->{root} and $all =~ /^(?:[A-Z].*\s)?(?:sudo\s+-u\s+\w+\s+exim|exim_exim)\b/m;
  return undef;
}

# --- lines ----------------------------------------------------------------------

sub next_line {
  my ($self) = @_;
  $self->{line_number}++;
  return shift @{ $self->{lines} };
}

# The next command, joined over lines that end with a backslash.
sub next_command {
  my ($self) = @_;
  while (defined(my $line = $self->next_line)) {
    my ($word) = $line =~ /^(\w+)/;
    next if $line =~ /^\s*$/ or $line =~ /^#(?!##\s)/;
    next if defined $word and ($flags{$word} or $needs{$word});
    return $line;
  }
  return undef;
}

sub joined {
  my ($self, $line) = @_;
  $line =~ s/\s+$//;
  while ($line =~ s/\\$//) {
    my $more = $self->next_line // last;
    $line .= $more =~ s/^\s+|\s+$//gr;
  }
  return $line;
}

# Data lines up to "****" or the end of the script, given one by one to a function.
sub data {
  my ($self, $each) = @_;
  while (defined(my $line = $self->next_line)) {
    return if $line =~ /^\*{4}\s*$/;
    $each->($line) if $each;
  }
  return;
}

# --- running ----------------------------------------------------------------------

sub run {
  my ($self) = @_;
  while (defined(my $line = $self->next_command)) {
    $self->{expect} = { code => 0 };
    $self->{process}{extra_env} = {};
    if ($line =~ /^(~)?(\d+)\s*(?:([A-Z]+)=(\S+))?$/) {
      $self->{expect} = { code => $2, not => defined $1 };
      $self->{process}{extra_env} = { $3 => $4 } if defined $3;
      $line = $self->next_line // die "the script ends after an expected exit code\n";
    }
    $self->{at} = $self->{line_number};
    $self->command($self->{place}->substitute($self->joined($line)));
  }
  return;
}

# clock: sleep, millisleep, :sleep: and an exim command's linger are as the script says; each script has the reason.
my @commands = (
  [qr/^###\s/ => \&comment], [qr/^echo\s/ => \&echo], [qr/^gnutls/ => sub { }],
  [qr/^killdaemon/ => \&killdaemon], [qr/^millisleep\s+(\d+)/ => sub { sleep($_[2] / 1000) }],
  [qr/^sleep\s+(\d+)/ => sub { sleep $_[2] }], [qr/^munge\s+(\S+)/ => \&munge],
  [MACHINE_COMMANDS, \&machine], [qr/^cat2\s/ => \&machine], [qr/^server\s+(.*)/ => \&server],
  [qr/^(?:cat)?write\s+\S/ => \&write_data], [qr/^background$/ => \&background],
  [qr/^client/ => \&client], [qr/^(?:sudo\s+)?perl\b/ => \&perl],
  [qr/^(?:\S+=\S+\s+)*\d*\s*(?:sudo\s+(?:-u\s+\w+\s+)?)?exim(?:_\S+)?\s/ => \&exim],
);

sub command {
  my ($self, $line) = @_;
  ($self->{name}) = $line =~ /^(\S+)/;
  $self->{watch}->("line $self->{at}: $line");
  for my $entry (@commands) {
    my ($pattern, $code) = @$entry;
    my @found = $line =~ $pattern or next;
    return $self->$code($line, @found);
  }
  $self->no_utility($self->{name}) if $line =~ UTILITY;
  die "line $self->{at}: unknown command \"$line\"", hint($line), "\n";
}

sub no_utility {
  my ($self, $name) = @_;
  die { skip => "line $self->{at}: needs $name, and this runner has none of Exim's utilities" };
}

sub hint {
  my ($line) = @_;
  return ' (write "sudo ' . $1 . '")' if $line =~ /^(rm|rmdir|mv|chmod|chown)\s/;
  return '';
}

sub append {
  my ($self, $file, @text) = @_;
  my $path = "$self->{place}{dir}/$file";
  open my $out, '>>', $path or die "cannot write $file: $!\n";
  print {$out} @text;
  close $out;
  $self->to_caller($path);
  return;
}

# Commands run as the caller append to what we as root have made.
sub to_caller {
  my ($self, $path) = @_;
  my $world = $self->{world};
  chown $world->{caller_uid}, $world->{caller_gid}, $path if $world->{setuid};
  return;
}

# Runs a shell command that is waited for.  data: the data lines follow it.
sub wait_for {
  my ($self, $command, %option) = @_;
  my ($pid, $pipe) = $self->{process}->start($command, %option);
  $self->data(sub { $self->feed($pipe, @_) }) if $option{data};
  sleep $option{linger} if $option{linger};
  close $pipe;
  my $status = $self->{process}->finish($pid);
  if ($option{as_root}) { $self->to_caller($_) for grep { -e } glob "$self->{place}{dir}/test-std*" }
  $self->check_status($status);
  return;
}

sub check_status {
  my ($self, $status) = @_;
  my $where = "line $self->{at}: $self->{name}";
  my $signal = $status & 127;
  my ($code, $expect) = ($status >> 8, $self->{expect});
  my $died = $signal || ($code > 128 && $deadly{ $code - 128 } ? $code - 128 : 0);
  die "$where was ended by signal $died", ($deadly{$died} ? " ($deadly{$died})" : ''), "\n"
    if $died and ($signal or $code != $expect->{code});
  die "$where returned $code, expected anything but that\n"
    if $expect->{not} and $code == $expect->{code};
  die "$where returned $code, expected $expect->{code}\n"
    if not $expect->{not} and $code != $expect->{code};
  return;
}

# One data line to a command, with what a prefix in colons asks for.
sub feed {
  my ($self, $pipe, $line) = @_;
  $line = $self->{place}->substitute($line);
  if ($line =~ /^(:\S+?:)(.*)/) {
    my ($prefix, $rest) = ($1, $2);
    if    ($prefix eq ':eval:')  { $line = perl_string($rest) }
    elsif ($prefix eq ':noeol:') { $line = $rest =~ s/\r+$//r }
    elsif ($prefix eq ':sleep:') { sleep $rest; return }
    elsif ($prefix eq ':file:')  { $line = read_file($rest) }
    else { die "line $self->{line_number}: unknown data prefix $prefix\n" }
  }
  local $SIG{PIPE} = 'IGNORE';    # a command may end before its data
  print {$pipe} $line;
  return;
}

# A Perl string in double quotes, as the format says: by Perl itself.
sub perl_string {
  my ($text) = @_;
  my $value = eval "\"$text\"";    ## no critic (StringyEval)
  die "bad :eval: string: $@" if not defined $value;
  return $value;
}

sub read_file {
  my ($path) = @_;
  open my $in, '<', $path or die "cannot read $path: $!\n";
  local $/;
  return <$in> // '';
}

# --- commands -----------------------------------------------------------------------

sub comment {
  my ($self, $line) = @_;
  $self->append($_, "$line\n") for qw(test-stdout test-stderr test-stderr-server test-stdout-server);
  return;
}

sub echo { my ($self, $line) = @_; $self->{watch}->($line =~ s/^echo\s+//r); return }

sub munge {
  my ($self, undef, $name) = @_;
  $self->{custom} = Scenario::Munge::custom($name)
    // die "line $self->{at}: unknown munge \"$name\"; known: ",
       join(' ', Scenario::Munge::custom_names()), "\n";
  return;
}

sub machine {
  my ($self, $line) = @_;
  my $as_root = $line =~ s/^sudo\s+//;
  my $to = $line =~ s/^cat2\b/cat/ ? '2>&1 >test-stderr' : '>>test-stdout 2>>test-stderr';
  $self->wait_for("$line $to", as_root => $as_root);
  return;
}

sub write_data {
  my ($self, $line) = @_;
  my ($cat, $path, $sizes) = $line =~ /^(cat)?write\s+(\S+)(?:\s+(.*))?/;
  my @sizes = split ' ', $sizes // '';
  my $text = '';
  my $sized = sub { $text .= join '', map { filler($_) } splice @sizes };
  $self->data(sub {
    if (@sizes and $_[0] =~ /^\+{4}\s*$/) { $sized->() }
    else                                  { $text .= $_[0] }
  });
  $path = "$self->{place}{dir}/$path" if $path !~ m{^/};
  Scenario::Place::write_file($path, $text);
  chmod 0644, $path;
  $self->to_caller($path);
  $self->append('test-stdout', "==========\n", $text, "==========\n") if $cat;
  return;
}

# 3x80=Text_ : three lines of 80 bytes, newline included, that begin "Text "
sub filler {
  my ($count, $length, $start) = $_[0] =~ /^(\d+)x(\d+)(?:=(.*))?/ or die "bad size $_[0]\n";
  $start = ($start // '') =~ tr/_/ /r;
  return ($start . 'a' x ($length - length($start) - 1) . "\n") x $count;
}

sub client {
  my ($self, $line) = @_;
  $self->wait_for("exec ./bin/$line >>test-stdout 2>>test-stderr", data => 1);
  return;
}

sub perl {
  my ($self, $line) = @_;
  my $as_root = $line =~ s/^sudo\s+//;
  $self->wait_for("$line >>test-stdout 2>>test-stderr", data => 1, as_root => $as_root);
  return;
}

# Runs beside what follows; killdaemon ends it.
sub background {
  my ($self) = @_;
  my $line = $self->{place}->substitute($self->next_line // '');
  chomp $line;
  $self->data;
  my ($pid, $pipe) = $self->{process}->start("exec $line >>test-stdout 2>>test-stderr-server");
  push @{ $self->{daemons} }, { pid => $pid, pipe => $pipe };
  sleep SETTLE;
  return;
}

# Serves beside the next exim command that is waited for, and is waited for then.
sub server {
  my ($self, $line, $arguments) = @_;
  my $pid_file = "$self->{place}{dir}/aux-var/server-daemon.pid";
  unlink $pid_file;
  my $families = $self->{world}{have_ipv6} ? '' : '-noipv6 ';
  my ($pid, $pipe) = $self->{process}->start(
    "exec ./bin/server $families-oP $pid_file $arguments >>test-stdout-server");
  $self->data(sub { local $SIG{PIPE} = 'IGNORE'; print {$pipe} @_ });
  print {$pipe} "++++\n";
  $self->{server} = { pid => $pid, pipe => $pipe, at => $self->{at} };
  $self->await($pid_file, $pid) or die "line $self->{at}: the server did not start\n";
  return;
}

# Waits for the process to write a file; false if it ends instead.
sub await {
  my ($self, $file, $pid) = @_;
  until (-s $file) {
    return 0 if waitpid $pid, WNOHANG;
    sleep POLL;
  }
  return 1;
}

sub finish_server {
  my ($self) = @_;
  my $server = delete $self->{server} or return;
  close $server->{pipe};
  my $status = $self->{process}->finish($server->{pid});
  die "line $server->{at}: server returned ", $status >> 8, "\n" if $status;
  return;
}

# Ends every daemon that the script has started.
sub killdaemon {
  my ($self) = @_;
  for my $daemon (splice @{ $self->{daemons} }) {
    kill TERM => $daemon->{pid};
    close $daemon->{pipe} if $daemon->{pipe};
    my $signal = $self->{process}->finish($daemon->{pid}) & 127;
    die "line $self->{at}: the daemon was ended by signal $signal ($deadly{$signal})\n" if $deadly{$signal};
  }
  # the helper that removes the pid file keeps the ports bound for a moment
  $self->{process}->wait_left('inf', qr/ -bdf | -oPX /);
  unlink glob "$self->{place}{dir}/spool/exim-daemon.*";
  return;
}

# --- exim ---------------------------------------------------------------------------

sub exim {
  my ($self, $line) = @_;
  my ($vars, $linger, $sudo, $user, $special, $args) = $line =~
    /^((?:\w+=\S+\s+)*)(\d+)?\s*(sudo\s+(?:-u\s+(\w+)\s+)?)?exim(_\S+)?\s+(.*)$/
    or die "line $self->{at}: cannot make out \"$line\"\n";
  my $program = $self->program($special);
  $self->configuration;
  $args = $self->queued_ids($args) if $args =~ /\$msg/;
  # with exec the status is Exim's own; a list of commands needs the shell
  my $exec = $args =~ s/'[^']*'|"[^"]*"//gr =~ /[;&|]/ ? '' : 'exec ';
  my $as = defined $user ? $self->as_user($user) : '';
  my $command = "$vars$exec$as$program -DEXIM_PATH=$program -C $self->{place}{dir}/test-config $args ";
  my $as_root = defined $sudo;
  return $self->daemon($command, $as_root) if $command =~ /\s-DSERVER=server\s/ and $command !~ /\s-DNOTDAEMON\s/;
  return $self->wait_daemon($command) if $command =~ /\s-DSERVER=wait:\d+\s/;
  my $side = $command =~ /\s-DSERVER=server\s/ ? '-server' : '';
  $self->wait_for("$command >>test-stdout 2>>test-stderr$side",
    data => 1, linger => $linger, as_root => $as_root);
  $self->finish_server;
  return;
}

# exim_exim is a copy that is setuid to Exim's user instead of root.
sub program {
  my ($self, $special) = @_;
  my $program = "$self->{place}{dir}/eximdir/exim";
  return $program if not defined $special;
  $self->no_utility("exim$special") if $special =~ EXIM_UTILITY;
  die "line $self->{at}: unknown command exim$special\n" if $special ne '_exim';
  my $world = $self->{world};
  if (not -e "$program$special") {
    system('cp', $program, "$program$special") == 0 or die "cannot copy the test binary\n";
    chown $world->{exim_uid}, $world->{exim_gid}, "$program$special";
    chmod 06755, "$program$special";
  }
  return "$program$special";
}

sub as_user {
  my ($self, $user) = @_;
  my ($setpriv) = grep { -x } map { "$_/setpriv" } split /:/, "$ENV{PATH}:/usr/bin"
    or die "line $self->{at}: sudo -u needs setpriv (util-linux)\n";
  my @pw = getpwnam $user or die "line $self->{at}: no account $user\n";
  return "$setpriv --reuid $pw[2] --regid $pw[3] --clear-groups ";
}

sub configuration {
  my ($self) = @_;
  my $dir = $self->{place}{dir};
  my $conf = "$self->{world}{suite}/confs/$self->{place}{number}";
  -e $conf or die "line $self->{at}: there is no configuration confs/$self->{place}{number}\n";
  $self->{place}->substitute_file($conf, "$dir/test-config");
  return;
}

# $msg1 in the arguments is the first message on the queue, and so on.
sub queued_ids {
  my ($self, $args) = @_;
  my $dir = $self->{place}{dir};
  my ($queue) = $args =~ /(-qG\w+)/;
  my $list = "$dir/queue-list";
  my ($pid, $pipe) = $self->{process}->start(join ' ', "exec $dir/eximdir/exim -bp", $queue // (),
    "-DEXIM_PATH=$dir/eximdir/exim -C $dir/test-config >$list");
  close $pipe;
  $self->{process}->finish($pid);
  my @ids = sort { id_order($a) cmp id_order($b) }
            map { /^\s*\d+[smhdw]\s+\S+\s+(\S+)/ ? $1 : () } split /\n/, read_file($list);
  unlink $list;
  $args =~ s{\$msg(\d+)}{$ids[$1 - 1] // die "line $self->{at}: there is no message $1 on the queue\n"}ge;
  return $args;
}

# Time and fraction of a second, without the process id between them
sub id_order { my @part = split /-/, $_[0]; return join '.', @part[0, 2] }

# In the foreground, so that it is our child, with its errors apart.
sub daemon {
  my ($self, $command, $as_root) = @_;
  my $dir = $self->{place}{dir};
  $self->log_directory;
  my ($pid_file) = $command =~ /\s-oP\s+(\S+)/;
  my $place = defined $pid_file ? '' : "-oP $dir/spool/exim-daemon.pid ";
  $pid_file //= "$dir/spool/exim-daemon.pid";
  $command =~ s/\s-bd\s/ -bdf $place/;
  my ($pid, $pipe) = $self->{process}->start("$command >>test-stdout 2>>test-stderr-server", as_root => $as_root);
  $self->data;
  push @{ $self->{daemons} }, { pid => $pid, pipe => $pipe };
  $self->await($pid_file, $pid) and return;
  my $log = eval { read_file("$dir/spool/log/serverpaniclog") } // '';
  die "line $self->{at}: the daemon did not start\n$log",
    eval { read_file("$dir/test-stderr-server") } // '';
}

sub wait_daemon {
  my ($self, $command) = @_;
  $self->log_directory;
  $self->{place}->dynamic_port;
  my ($pid) = $self->{process}->start("$command >>test-stdout 2>>test-stderr-server",
    stdin => $self->{place}{dynamic});
  $self->data;
  push @{ $self->{daemons} }, { pid => $pid };
  sleep SETTLE;
  return;
}

sub log_directory {
  my ($self) = @_;
  my ($world, $log) = ($self->{world}, "$self->{place}{dir}/spool/log");
  mkdir $log;
  chown $world->{exim_uid}, $world->{exim_gid}, $log if $world->{root};
  return;
}

1;
