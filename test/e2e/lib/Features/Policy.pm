# SPDX-License-Identifier: GPL-2.0-or-later
package Features::Policy;

# Who may send: what is decided by the DNS, by signatures and by hints, of the client that the proxy tells of.

use strict;
use warnings;
use Features;

# The proxy's address is one of 127/8, which SPF lets pass always.
feature 'spf', ['support SPF'], sub {
  zone('spf.example', "spf.example. TXT \"v=spf1 ip4:198.51.100.0/28 ip6:2001:db8:1::/48 -all\"\n");
  my $e = exim(main => "acl_smtp_rcpt = rcpt\n", acl => <<'END');
rcpt:
  deny   spf = fail
         message = $sender_host_address is no host of $sender_address_domain
  accept logwrite = spf $spf_result of $sender_host_address
END
  accepted('pass', $e, GOOD, 'a@spf.example');
  like('pass: logged', logged($e, qr/spf pass of /), qr/ of 198\.51\.100\.7$/);
  is('fail', recipient($e, BAD, 'a@spf.example'), '550 198.51.100.77 is no host of spf.example');
  accepted('pass, IPv6', $e, '2001:db8:1::7', 'a@spf.example');
  refused('fail, IPv6', $e, '2001:db8:2::7', 'a@spf.example');
  return;
};

feature 'spf-lookup', ['support SPF'], sub {
  zone('spf.example', "spf.example. TXT \"v=spf1 ip4:198.51.100.0/28 -all\"\n");
  my $e = exim(main => "acl_smtp_rcpt = rcpt\n", acl => <<'END');
rcpt:
  deny   condition = ${if !eq{${lookup{$sender_address}spf{$sender_host_address}}}{pass}}
  accept
END
  accepted('pass', $e, GOOD, 'a@spf.example');
  refused('fail', $e, BAD, 'a@spf.example');
  return;
};

# SPF is what DMARC has to go by: there is no signature.
feature 'dmarc', ['support DMARC', 'support SPF'], sub {
  zone('dmarc.example', qq(dmarc.example. TXT "v=spf1 ip4:198.51.100.0/28 -all"\n_dmarc TXT "v=DMARC1; p=reject"\n));
  write_file(file('suffixes'), "example\nnet\n");
  my $history = file('dmarc.history');
  unlink $history;
  write_file($history, '');
  exim_owner($history);
  my $e = exim(main => <<"END", acl => <<'END');
dmarc_tld_file = @{[file('suffixes')]}
dmarc_history_file = $history
acl_smtp_rcpt = rcpt
acl_smtp_data = data
END
rcpt:
  warn   spf = pass : fail : none : neutral
  accept control = dmarc_enable_forensic
data:
  warn   dmarc_status = *
         logwrite = dmarc $dmarc_status of $sender_host_address, $dmarc_domain_policy
  deny   dmarc_status = reject
         message = not by the policy of $dmarc_used_domain
  accept
END
  my @lines = ('From: a@dmarc.example', 'Subject: a test', '', 'body');
  like('accepted', message($e, GOOD, sender => 'a@dmarc.example', lines => \@lines), qr/\A250 /);
  like('rejected', message($e, BAD, sender => 'a@dmarc.example', lines => \@lines), qr/\A550 not by the policy of dmarc\.example/);
  like('the log', logged($e, qr/dmarc reject of/) // logged($e, qr/dmarc/), qr/of 198\.51\.100\.77, reject$/);
  if (not has('lookup regdom')) {
    within(sub { contents($history) =~ /ipaddr/ });
    like('the history', contents($history), qr/^ipaddr 198\.51\.100\.7$/m);
  }
  return;
};

# Both sign with this key, for the selector "sel" of key.example.
sub signing_key {
  my $key = file('dkim.key');
  my $openssl = tool('openssl');
  if (not -e $key) {
    run_quietly('openssl', $openssl, qw(genrsa -traditional -out), $key, 2048);
    run_quietly('openssl', $openssl, qw(rsa -pubout -outform DER -in), $key, '-out', file('dkim.der'));
    exim_owner($key);
    require MIME::Base64;
    my $text = MIME::Base64::encode_base64(contents(file('dkim.der')), '');
    $text = join '" "', $text =~ /(.{1,200})/g;
    zone('key.example', qq(sel._domainkey TXT "v=DKIM1; k=rsa; p=$text"\n));
  }
  return $key;
}

# What comes in through the proxy is sent on, signed, to the same Exim, which has that from an address of no proxy.
sub relay {
  my (%part) = @_;
  return exim(main => $part{main}, acl => $part{acl},
    routers => routers(address(2), 'domains = away.example', 'self = send', 'condition = ${if match_ip{$sender_host_address}{127.0.0.0/8}{no}{yes}}'),
    transports => <<"END");
out:
  driver = smtp
  port = THEPORT
  interface = @{[address(3)]}
  $part{sign}
END
}

feature 'dkim', ['support DKIM'], sub {
  my $key = signing_key();
  my $e = relay(main => "acl_smtp_dkim = dkim\n", acl => <<'END', sign => <<"END2");
dkim:
  accept logwrite = dkim $dkim_verify_status for $dkim_cur_signer of $sender_host_address proxy <$proxy_host_address>
END
dkim_domain = \${if eq{\$sender_host_address}{198.51.100.7}{key.example}}
  dkim_selector = sel
  dkim_private_key = $key
END2
  like('sent', message($e, GOOD, to => ['user@away.example']), qr/\A250 /);
  is('signed for the client, and verified', logged($e, qr/ dkim pass /) =~ s/^.* dkim //r, 'pass for key.example of ' . address(3) . ' proxy <>');
  my $signed = mailbox($e);
  # and back in, now through the proxy
  my ($mail) = $signed =~ /^(DKIM-Signature: .*)\z/ms;
  like('the mail has the signature', $mail, qr/d=key\.example/);
  like('comes again', message($e, BAD, lines => [split /\n/, $mail =~ s/\n+\z//r]), qr/\A250 /);
  like('verified through the proxy', logged($e, qr/ dkim \w+ for key\.example of 198/), qr/ dkim pass for key\.example of 198\.51\.100\.77 proxy <@{[address(1)]}>$/);
  return;
};

feature 'arc', ['support Experimental_ARC|ARC'], sub {
  my $key = signing_key();
  my $e = relay(main => "acl_smtp_data = data\n", acl => <<'END', sign => <<"END2");
data:
  warn   !verify = reverse_host_lookup
  warn   add_header = :at_start:${authresults {key.example}}
  accept verify = arc/none:pass
         logwrite = arc $arc_state of $sender_host_address
END
arc_sign = key.example : sel : $key
END2
  like('sent', message($e, GOOD, to => ['user@away.example']), qr/\A250 /);
  like('verified', logged($e, qr/ arc pass /), qr/ of @{[address(3)]}$/);
  my $mail = mailbox($e);
  like('ARC-Authentication-Results has the client', $mail, qr/^ARC-Authentication-Results: i=1; key\.example;(?:.*\n[ \t])*?.*smtp\.remote-ip=198\.51\.100\.7;?$/m);
  like('Authentication-Results has the client', $mail, qr/^Authentication-Results: (?:.*\n[ \t])*?.*iprev=\w+ .*smtp\.remote-ip=198\.51\.100\.7;?$/m)
    if $mail =~ /iprev/;
  return;
};

feature 'dnslists', [], sub {
  zone('bl.example', "77.100.51.198 A 127.0.0.2\n77.100.51.198 TXT \"a bad one\"\n" . join('.', reverse split /\./, address(1)) . " A 127.0.0.3\n");
  my $e = exim(main => "acl_smtp_connect = connect\nacl_smtp_rcpt = rcpt\n", acl => <<'END');
connect:
  warn   dnslists = bl.example
         logwrite = listed $dnslist_value
  accept
rcpt:
  deny   dnslists = bl.example
         message = $sender_host_address is listed: $dnslist_text
  accept
END
  accepted('not listed', $e, GOOD);
  is('listed', recipient($e, BAD), '550 198.51.100.77 is listed: a bad one');
  like('at connect', logged($e, qr/listed 127/), qr/listed 127\.0\.0\.2$/);
  return;
};

feature 'dnssec', ['support DNSSEC'], sub {
  rzone(GOOD, 'DNSSEC PTR good.sec.example.');
  rzone(BAD, 'PTR bad.sec.example.');
  rzone(address(1), 'PTR proxy.sec.example.');
  zone('sec.example', "DNSSEC good A @{[GOOD]}\nbad A @{[BAD]}\nproxy A @{[address(1)]}\n");
  my $e = exim(main => "host_lookup = *\ndns_dnssec_ok = 1\nacl_smtp_rcpt = rcpt\n", acl => <<'END');
rcpt:
  accept logwrite = name $sender_host_name secure $sender_host_dnssec
END
  accepted('secure', $e, GOOD);
  like('secure: logged', logged($e, qr/name good/), qr/good\.sec\.example secure yes$/);
  accepted('not secure', $e, BAD);
  like('not secure: logged', logged($e, qr/name bad/), qr/bad\.sec\.example secure no$/);
  return;
};

# The hints are about the client, whichever proxy it comes by.
feature 'ratelimit', [], sub {
  my $e = exim(main => "acl_smtp_rcpt = rcpt\n", acl => <<'END');
rcpt:
  deny   ratelimit = 2 / 1h / strict / per_rcpt
         message = $sender_host_address has been here too often
  accept
END
  accepted("number $_", $e, BAD) for 1, 2;
  is('number 3', recipient($e, BAD), '550 198.51.100.77 has been here too often');
  accepted('another client', $e, GOOD);
  my ($dump) = grep { -x } map { ("$_/exim_dumpdb", glob "$_/tree/build-*/exim_dumpdb") } Features::beside();
  if (not $dump) { skip('no exim_dumpdb beside the binary'); return }
  run_quietly('dump', $dump, $e->{home}, 'ratelimit');
  my $dumped = contents(file('dump.out'));
  like('exim_dumpdb: the keys', $dumped, qr{1h/(?:strict/)?per_rcpt/198\.51\.100\.77$}m);
  check('exim_dumpdb: not the proxy', $dumped !~ /\Q@{[address(1)]}\E/, $dumped);
  return;
};

# The files of TCP wrappers are the system's: ours are laid over them in a name space of our own.
feature 'tcp-wrappers', ['support TCPwrappers'], sub {
  my $unshare = tool('unshare');
  run_quietly('unshare', $unshare, '-m', 'true') if $> == 0;
  skip_without('only root can lay files over those in /etc') if $> != 0;
  write_file(file('hosts.allow'), "exim: 198.51.100.7\n");
  write_file(file('hosts.deny'), "exim: ALL\n");
  my @etc = qw(hosts.allow hosts.deny);
  skip_without('no /etc/hosts.allow') if grep { not -e "/etc/$_" } @etc;
  local $Features::prefix = [$unshare, '-m', 'sh', '-c',
    join(' && ', (map { 'mount --bind ' . file($_) . " /etc/$_" } @etc), 'exec "$0" "$@"')];
  my $e = exim();
  like('let in', client($e, GOOD, banner => 1) && smtp_reply(client($e, GOOD, banner => 1)), qr/\A220 /);
  like('kept out', smtp_reply(client($e, BAD, banner => 1)), qr/\A554 /);
  like('kept out: logged', logged($e, qr/198.*tcp wrappers/), qr/refused connection from .*\[198\.51\.100\.77\]/);
  return;
};

feature 'hosts', [], sub {
  my $e = exim(main => "hostlist friends = 198.51.100.0/28\nacl_smtp_rcpt = rcpt\n", acl => <<'END');
rcpt:
  accept hosts = +friends
  accept hosts = <; 2001:db8:1::/48
  deny   message = $sender_host_address is no friend
END
  accepted('a friend', $e, GOOD);
  is('no friend', recipient($e, BAD), '550 198.51.100.77 is no friend');
  accepted('a friend, IPv6', $e, '2001:db8:1::7');
  is('no friend, IPv6', recipient($e, '2001:db8:2::7'), '550 2001:db8:2::7 is no friend');
  return;
};

1;
