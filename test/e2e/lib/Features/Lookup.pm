# SPDX-License-Identifier: GPL-2.0-or-later
package Features::Lookup;

# Look-ups whose key is the client's address. Each says "good ADDRESS" of one client and "bad ADDRESS" of the other.

use strict;
use warnings;
use Features;

# The recipient is refused if the expansion, of $sender_host_address, does not begin with "good"; what it is, is logged.
sub judge {
  my ($expansion, %part) = @_;
  my ($good, $bad) = @part{qw(good bad)};
  my $e = exim(panics => $part{panics}, main => "acl_smtp_rcpt = rcpt\n" . ($part{main} // ''), acl => <<"END");
rcpt:
  warn   set acl_m_verdict = $expansion
         logwrite = verdict for \$sender_host_address: \$acl_m_verdict
  accept condition = \${if match{\$acl_m_verdict}{\\N^good\\N}}
  deny   message = verdict: \$acl_m_verdict
END
  accepted('good client', $e, GOOD);
  is('bad client', recipient($e, BAD), '550 verdict: ' . ($bad // 'bad ' . BAD));
  like('the log', logged($e, qr/verdict for \Q${\GOOD}\E:/), qr/: \Q${\($good \/\/ 'good ' . GOOD)}\E$/);
  return $e;
}

# A text file with both.
sub list {
  my ($between) = @_;
  my $file = file('list' . ($between =~ /:/ ? '.colon' : ''));
  write_file($file, join '', map { "$_->[1]$between$_->[0] $_->[1]\n" } [good => GOOD], [bad => BAD]);
  return $file;
}

feature 'lsearch', ['lookup lsearch'], sub { judge('${lookup{$sender_host_address}lsearch{' . list(': ') . '}}'); return };

feature 'wildlsearch', ['lookup wildlsearch', 'lookup nwildlsearch'], sub {
  my $file = file('wild');
  write_file($file, "\\N^198\\.51\\.100\\.7\$\\N: good ${\GOOD}\n*.77: bad ${\BAD}\n");
  judge('${lookup{$sender_host_address}wildlsearch{' . $file . '}}');
  write_file($file, "^198\\.51\\.100\\.7\$: good ${\GOOD}\n*.77: bad ${\BAD}\n");
  judge('${lookup{$sender_host_address}nwildlsearch{' . $file . '}}');
  return;
};

feature 'iplsearch', ['lookup iplsearch'], sub {
  my $file = file('networks');
  write_file($file, "198.51.100.0/28: good ${\GOOD}\n198.51.100.64/28: bad ${\BAD}\n\"2001:db8:1::/48\": good six\n127.0.0.0/8: proxy\n");
  my $e = judge('${lookup{$sender_host_address}iplsearch{' . $file . '}}');
  accepted('IPv6', $e, '2001:db8:1::7');
  like('IPv6: the log', logged($e, qr/verdict for 2001/), qr/: good six$/);
  return;
};

# A constant data base has two tables for each of 256 parts of its hash.
feature 'cdb', ['lookup cdb'], sub {
  my ($records, @part) = ('');
  for ([GOOD, 'good ' . GOOD], [BAD, 'bad ' . BAD]) {
    my $hash = 5381;
    $hash = (($hash << 5) + $hash ^ ord) & 0xffffffff for split //, $_->[0];
    push @{ $part[$hash & 255] }, [$hash, 2048 + length $records];
    $records .= pack('V2', length $_->[0], length $_->[1]) . $_->[0] . $_->[1];
  }
  my ($head, $tables) = ('', '');
  for my $part (@part[0 .. 255]) {
    my @slot = map { [0, 0] } 1 .. 2 * @{ $part // [] };
    for my $entry (@{ $part // [] }) {
      my $n = ($entry->[0] >> 8) % @slot;
      $n = ($n + 1) % @slot while $slot[$n][1];
      $slot[$n] = $entry;
    }
    $head .= pack 'V2', 2048 + length($records) + length $tables, scalar @slot;
    $tables .= pack 'V2', @$_ for @slot;
  }
  write_file(file('clients.cdb'), $head . $records . $tables);
  judge('${lookup{$sender_host_address}cdb{' . file('clients.cdb') . '}}');
  return;
};

feature 'dbm', ['lookup dbm'], sub {
  my ($dbmbuild) = grep { -x } map { ("$_/exim_dbmbuild", glob "$_/tree/build-*/exim_dbmbuild") } Features::beside();
  skip_without('no exim_dbmbuild beside the binary') if not $dbmbuild;
  run_quietly('dbmbuild', $dbmbuild, list(': '), file('clients.db'));
  judge('${lookup{$sender_host_address}dbm{' . file('clients.db') . '}}');
  return;
};

feature 'dsearch', ['lookup dsearch'], sub {
  mkdir file('clients') or die file('clients'), ": $!\n";
  write_file(file('clients', GOOD), '');
  judge('${lookup{$sender_host_address}dsearch{' . file('clients') . '}{good $value}{bad $sender_host_address}}');
  return;
};

feature 'passwd', ['lookup passwd'], sub {
  judge('${lookup passwd{${if eq{$sender_host_address}{198.51.100.7}{root}{no.such.user}}}{good $sender_host_address}{bad $sender_host_address}}');
  return;
};

feature 'dnsdb', ['lookup dnsdb'], sub {
  rzone(GOOD, 'PTR good.db.example.');
  rzone(BAD, 'PTR bad.db.example.');
  judge('${lookup dnsdb{ptr=$sender_host_address}}', good => 'good.db.example', bad => 'bad.db.example');
  return;
};

feature 'sqlite', ['lookup sqlite'], sub {
  my $db = file('clients.sqlite');
  run_quietly('sqlite', tool('sqlite3'), $db, join '', 'create table client (address text, verdict text);',
    map { "insert into client values ('$_->[1]', '$_->[0] $_->[1]');" } [good => GOOD], [bad => BAD]);
  judge("\${lookup sqlite,file=$db {select verdict from client where address = '\${quote_sqlite:\$sender_host_address}'}}");
  return;
};

feature 'json', ['lookup json'], sub {
  write_file(file('clients.json'), '{ "' . GOOD . '": "good ' . GOOD . '", "' . BAD . '": "bad ' . BAD . '" }' . "\n");
  judge('${lookup{$sender_host_address}json{' . file('clients.json') . '}}');
  return;
};

feature 'lmdb', ['lookup lmdb'], sub {
  my $load = tool('mdb_load');
  # Exim looks for a zero byte after the value: without one at the end of the file it dies of that.
  write_file(file('lmdb.in'), join '', map { "$_->[1]\n$_->[0] $_->[1]\n" } ["\\00", '!'], [bad => BAD], [good => GOOD]);
  my $dir = home();
  run_quietly('lmdb', $load, '-n', '-T', '-f', file('lmdb.in'), "$dir/clients");
  exim_owner(glob "$dir/*");
  judge('${lookup{$sender_host_address}lmdb{' . "$dir/clients" . '}}');
  return;
};

# Asked both for the client, and for the proxy.
feature 'redis', ['lookup redis'], sub {
  my ($socket, $dir) = (file('redis.sock'), file('redis'));
  my $server = tool('redis-server', 'redis-check-rdb');      # one program, which goes by its name
  mkdir $dir or die "$dir: $!\n" if not -d $dir;
  symlink $server, file('redis-server');
  my $pid = start('redis', file('redis-server'), qw(--port 0 --unixsocket), $socket, qw(--unixsocketperm 777 --dir), $dir, '--save', '');
  within(sub { -S $socket }) or die "the Redis server does not start\n", contents(file('redis.out'));
  run_quietly('redis-cli', tool('redis-cli'), '-s', $socket, 'mset', map { @$_ } ["client:${\GOOD}", "good ${\GOOD}"],
    ["client:${\BAD}", "bad ${\BAD}"], ['proxy:' . address(1), 'good the proxy'], ['client:' . address(1), 'bad the proxy']);
  my $main = "redis_servers = ($socket)///\n";
  judge('${lookup redis{get client:$sender_host_address}}', main => $main);
  my $e = exim(main => "acl_smtp_rcpt = rcpt\n$main", acl => <<'END');
rcpt:
  deny   condition = ${if eq{${lookup redis{get proxy:$proxy_host_address}}}{good the proxy}{no}{yes}}
         message = verdict: not by the proxy
  accept condition = ${lookup redis{incr count:$proxy_host_address:$sender_host_address}{yes}}
END
  accepted('by the proxy', $e, BAD);
  refused('by no proxy', $e, direct($e));
  run_quietly('redis-cli', tool('redis-cli'), '-s', $socket, 'get', 'count:' . address(1) . ':' . BAD);
  like('written by proxy and client', contents(file('redis-cli.out')), qr/^"?1"?$/);
  stop($pid, 'TERM');
  return;
};

# Servers of ours, which are asked for the client.
sub asked {
  my ($name, $expansion, %part) = @_;
  my $place = $part{place} // address(4) . ':' . port();
  my $pid = stub($name, $name, $place);
  my ($address, $number) = split /:/, $place;
  $_ = defined && s/PLACE/$place/gr for $expansion, my $main = $part{main};
  $main =~ s/PORT/$number/g;
  $main =~ s/ADDRESS/$address/g;
  judge($expansion, main => $main);
  check("$name is not asked for the proxy", got($name) !~ /\Q@{[address(1)]}\E/, got($name));
  stop($pid, 'TERM');
  return;
}

feature 'ldap', ['lookup ldap'], sub {
  asked('ldap', '${lookup ldap{ldap://PLACE/o=test?verdict?sub?(address=${quote_ldap:$sender_host_address})}}', main => "ldap_version = 3\n");
  return;
};

feature 'mysql', ['lookup mysql'], sub {
  asked('mysql', '${lookup mysql{select verdict from client where address = \'${quote_mysql:$sender_host_address}\'}}',
    main => "hide mysql_servers = ADDRESS::PORT/db/user/secret\n");
  return;
};

feature 'pgsql', ['lookup pgsql'], sub {
  asked('pgsql', '${lookup pgsql{select verdict from client where address = \'${quote_pgsql:$sender_host_address}\'}}',
    main => "hide pgsql_servers = ADDRESS::PORT/db/user/secret\n");
  return;
};

feature 'nmh', ['lookup nmh'], sub {
  my $place = address(4) . ':' . (my $port = port());
  my $pid = stub('nmh', 'nmh', $place);
  judge("\${lookup{\$sender_host_address}nmh,port=$port\{@{[address(4)]}}{bad \$sender_host_address}{good \$sender_host_address}}");
  like('nmhd is asked for the client', got('nmh'), qr/198\.51\.100\.7\b/);
  stop($pid, 'TERM');
  return;
};

feature 'readsocket', [], sub {
  my $pid = stub('line', 'line', file('line'));
  judge('${if match{${readsocket{' . file('line') . '}{$sender_host_address}}}{fine}{good}{bad}} $sender_host_address');
  stop($pid, 'TERM');
  return;
};

# There is no NIS domain on most machines: it is tried only for one client, and must give an error, not a wrong answer.
feature 'nis', ['lookup nis', 'lookup nis0', 'lookup nisplus'], sub {
  for my $kind ('{$sender_host_address}nis{no.such.map}', '{$sender_host_address}nis0{no.such.map}') {
    my $e = exim(panics => qr/.*NIS.*\n/, main => "acl_smtp_rcpt = rcpt\n", acl => <<"END");
rcpt:
  accept condition = \${if eq{\$sender_host_address}{198.51.100.7}{yes}{\${lookup${kind}{yes}{no}}}}
END
    accepted("$kind: not tried", $e, GOOD);
    like("$kind: tried", recipient($e, BAD), qr/\A[45]5\d /);
  }
  return;
};

feature 'psl', ['lookup psl', 'lookup regdom'], sub {
  write_file(file('psl'), "// suffixes\nexample\nco.example\n");
  my $name = '${if eq{$sender_host_address}{198.51.100.7}{a.good.co.example}{a.bad.example}}';
  judge("\${lookup{$name}regdom{@{[file('psl')]}}}", good => 'good.co.example', bad => 'bad.example');
  return;
};

feature 'testdb', ['lookup testdb'], sub {
  judge('${lookup testdb{${if eq{$sender_host_address}{198.51.100.7}{ok}{fail}}}{good $sender_host_address}{bad $sender_host_address}}');
  return;
};

feature 'perl', ['support Perl'], sub {
  write_file(file('test.pl'), <<'END');
sub verdict { my $seen = Exim::expand_string('$sender_host_address'); return $_[0] ne $seen ? 'no' : ($seen =~ /77$/ ? 'bad' : 'good') . " $seen" }
END
  judge('${perl{verdict}{$sender_host_address}}', main => "perl_startup = do '@{[file('test.pl')]}'\n");
  return;
};

feature 'dlfunc', ['support Expand_dlfunc'], sub {
  write_file(file('verdict.c'), <<'END');
#include <string.h>
int verdict(unsigned char **yield, int n, unsigned char *args[])
{
if (n != 1) return 1;
*yield = (unsigned char *) (strcmp((char *) args[0], "198.51.100.7") == 0 ? "good 198.51.100.7" : "bad 198.51.100.77");
return 0;
}
END
  run_quietly('cc', tool('cc', 'gcc'), qw(-shared -fPIC -o), file('verdict.so'), file('verdict.c'));
  judge('${dlfunc{' . file('verdict.so') . '}{verdict}{$sender_host_address}}');
  return;
};

feature 'run', [], sub {
  judge('${run{/bin/sh -c "case $sender_host_address in *.77) echo -n bad;; *) echo -n good;; esac"}} $sender_host_address');
  return;
};

# What no word of -bV tells of: the right side of a list comparison is expanded.
feature 'listmatch-rhs', [], sub {
  judge('${if match_ip{$sender_host_address}{$acl_c_friends}{good}{bad}} $sender_host_address',
    main => "acl_smtp_helo = accept set acl_c_friends = 198.51.100.0/28\n");
  return;
};

feature 'iconv', ['support iconv()'], sub {
  my $e = exim(main => "acl_smtp_data = data\nheaders_charset = UTF-8\n", acl => <<'END');
data:
  accept logwrite = subject ${if eq{$sender_host_address}{198.51.100.7}{$h_subject:}}
END
  message($e, GOOD, lines => ['Subject: =?ISO-8859-1?Q?caf=E9?=', '', 'body']);
  like('converted', logged($e, qr/ subject /), qr/ subject caf(?:\xc3\xa9|\\303\\251)$/);
  return;
};

1;
