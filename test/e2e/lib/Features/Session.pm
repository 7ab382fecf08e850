# SPDX-License-Identifier: GPL-2.0-or-later
package Features::Session;

# What the server offers and does in a session, by the client's address: extensions of SMTP, and TLS.

use strict;
use warnings;
use Features;
use MIME::Base64 qw(encode_base64);

# What the good client is offered, and the bad one is not.
sub offered {
  my ($e, $word) = @_;
  my $s = client($e, GOOD);
  like("$word: offered to the good client", $s->{ehlo}, qr/^250.$word\b/m);
  like("$word: not to the bad one", client($e, BAD)->{ehlo}, qr/\A(?!.*^250.$word\b)/ms);
  return $s;
}

feature 'prdr', ['support PRDR'], sub {
  my $e = exim(main => "prdr_enable\nacl_smtp_data_prdr = prdr\n", acl => <<'END');
prdr:
  deny   local_parts = strict
         !hosts = 198.51.100.7
         message = not from $sender_host_address
  accept
END
  for ([GOOD, [353, 250, 250, 250]], [BAD, [353, 250, 550, 250]]) {
    my ($address, $codes) = @$_;
    my $s = client($e, $address);
    like("$address: offered", $s->{ehlo}, qr/^250.PRDR$/m);
    reply($s, 'MAIL FROM:<sender@example.net> PRDR', map { "RCPT TO:<$_\@local.example>" } qw(easy strict));
    reply($s, 'DATA');
    print { $s->{socket} } "Subject: a test\r\n\r\nbody\r\n.\r\n";
    my @replies = map { smtp_reply($s) } @$codes;
    is("$address: responses", join(' ', map { /\A(\d+)/ } @replies), "@$codes");
    like("$address: the refusal", $replies[2], qr/not from 198\.51\.100\.77/) if $codes->[2] == 550;
  }
  like('only one for the bad client', logged($e, qr/<= .*\[198\.51\.100\.77\]/), qr/PRX=/);
  within(sub { 3 == (() = contents("$e->{home}/log/mainlog") =~ / => /g) });
  is('delivered', scalar(() = contents("$e->{home}/log/mainlog") =~ / => /g), 3);
  return;
};

feature 'chunking', [], sub {
  my $e = exim(main => "chunking_advertise_hosts = 198.51.100.7\nacl_smtp_rcpt = rcpt\n", acl => <<'END');
rcpt:
  deny   local_parts = strict
         !hosts = 198.51.100.7
  accept
END
  my $s = offered($e, 'CHUNKING');
  my @replies = reply($s, 'MAIL FROM:<sender@example.net>', map { "RCPT TO:<$_\@local.example>" } qw(easy strict));
  is('recipients', join(' ', map { /\A(\d+)/ } @replies), '250 250 250');
  my ($one, $two) = ("Subject: in pieces\r\n\r\nthe first\r\n", ".the second\r\n");
  print { $s->{socket} } 'BDAT ' . length($one) . "\r\n$one";
  like('the first piece', smtp_reply($s), qr/\A250 /);
  print { $s->{socket} } 'BDAT ' . length($two) . " LAST\r\n$two";
  like('the last', smtp_reply($s), qr/\A250[ -]/);
  my $mail = mailbox($e);
  like('the mail', $mail, qr/^Received: from \[198\.51\.100\.7\].*^the first\n\.the second\n/ms);
  like('the log', logged($e, qr/ <= /), qr/\[198\.51\.100\.7\]:56324 P=esmtp PRX=\S+ (?:K )?S=/);
  my $other = client($e, BAD);
  reply($other, 'MAIL FROM:<sender@example.net>', 'RCPT TO:<easy@local.example>');
  print { $other->{socket} } "BDAT 3 LAST\r\n";
  like('who was not offered it', smtp_reply($other), qr/\A5/);
  return;
};

# The header and the client's first commands in one segment, before the banner.
feature 'pipeconnect', ['support PIPECONNECT'], sub {
  my $e = exim(main => "pipelining_connect_advertise_hosts = 198.51.100.7\n");
  offered($e, 'PIPE_?CONNECT');
  for ([GOOD, qr/\A220 /], [BAD, qr/\A554 .*synchronization/]) {
    my ($address, $want) = @$_;
    my $s = client($e, $address, banner => 1, header => "PROXY TCP4 $address 203.0.113.25 56324 25\r\nEHLO early.example\r\n");
    like("$address: early", smtp_reply($s), $want);
    like("$address: EHLO", smtp_reply($s), qr/\A250.*early\.example \[198\.51\.100\.7\]/) if $address eq GOOD;
  }
  return;
};

feature 'esmtp-limits', ['support ESMTP_Limits|Experimental_ESMTP_Limits'], sub {
  offered(exim(main => "limits_advertise_hosts = 198.51.100.7\nrecipients_max = 7\n"), 'LIMITS.*RCPTMAX=7');
  return;
};

feature 'wellknown', ['support ESMTP_Wellknown'], sub {
  write_file(file('wellknown'), "a known text\n");
  my $e = exim(main => "wellknown_advertise_hosts = 198.51.100.7\nacl_smtp_wellknown = wellknown\n", acl => <<"END");
wellknown:
  deny   !hosts = 198.51.100.7
  accept control = wellknown/@{[file('wellknown')]}
END
  my $s = offered($e, 'WELLKNOWN');
  like('read', reply($s, 'WELLKNOWN any'), qr/a.*known.*text/s);
  like('refused', reply(client($e, BAD), 'WELLKNOWN any'), qr/\A5/);
  return;
};

# Names in UTF-8, to a server that has SMTPUTF8 too.
feature 'i18n', ['support I18N'], sub {
  my $place = address(4) . ':' . (my $port = port());
  stub('sink', 'smtp', $place);
  my $e = exim(main => "smtputf8_advertise_hosts = 198.51.100.7\nacl_smtp_rcpt = rcpt\n", acl => <<'END', routers => <<"END2", transports => <<"END3");
rcpt:
  accept logwrite = alabel ${utf8_domain_to_alabel:$domain} from $sender_host_address
END
out:
  driver = manualroute
  route_list = * @{[address(4)]} byname
  transport = out
END2
out:
  driver = smtp
  port = $port
END3
  my $s = offered($e, 'SMTPUTF8');
  like('accepted', message($e, $s, sender => "g\xc3\xbcnter\@m\xc3\xbcller.example", mail => ' SMTPUTF8', to => ["user\@b\xc3\xbccher.example"],
    lines => ["Subject: gr\xc3\xbc\xc3\x9fe", '', 'body']), qr/\A250 /);
  like('the log', logged($e, qr/ <= /), qr/\[198\.51\.100\.7\]:56324 P=utf8esmtp PRX=/);
  like('the domain', logged($e, qr/ alabel /), qr/ alabel xn--bcher-kva\.example from 198\.51\.100\.7$/);
  like('sent on', got('sink', qr/^body$/m), qr/^MAIL FROM:<g\xc3\xbcnter\@.*SMTPUTF8.*^Received: .*\[198\.51\.100\.7\].*with utf8esmtp/ms);
  my $other = client($e, BAD);
  like('who was not offered it', reply($other, "MAIL FROM:<g\xc3\xbcnter\@m\xc3\xbcller.example> SMTPUTF8"), qr/\A5/);
  return;
};

# --- TLS ------------------------------------------------------------------------------

sub tls_options { my ($name) = @_; my $c = certificate($name // 'mx.example'); return "tls_certificate = $c->{cert}\ntls_privatekey = $c->{key}\n" }

feature 'tls', ['support OpenSSL|GnuTLS'], sub {
  my ($mx, $other) = map { certificate($_) } 'mx.example', 'other.example';
  my $e = exim(main => <<"END");
tls_advertise_hosts = !198.51.100.8
tls_certificate = \${if eq{\$sender_host_address}{198.51.100.7}{$mx->{cert}}{$other->{cert}}}
tls_privatekey = \${if eq{\$sender_host_address}{198.51.100.7}{$mx->{key}}{$other->{key}}}
END
  for ([GOOD, 'mx.example'], [BAD, 'other.example']) {
    my ($address, $name) = @$_;
    my $s = client($e, $address);
    like("$address: STARTTLS", reply($s, 'STARTTLS'), qr/\A220 /);
    smtp_secure($s);
    is("$address: the certificate", $s->{socket}->peer_certificate('commonName'), $name);
    helo($s);
    like("$address: accepted", message($e, $s, sender => "$name\@example.net"), qr/\A250 /);
    like("$address: the log", logged($e, qr/ <= $name\@/), qr/\[\Q$address\E\]:56324 P=esmtps X=\S+ (?:CV=\S+ )?PRX=\Q@{[address(1)]}\E S=/);
  }
  like('not advertised', client($e, '198.51.100.8')->{ehlo}, qr/\A(?!.*STARTTLS)/s);
  return;
};

feature 'tls-on-connect', ['support OpenSSL|GnuTLS'], sub {
  my $e = exim(main => tls_options() . "tls_on_connect_ports = THEPORT\n", tls_on_connect => 1);
  my $s = client($e, GOOD, secure => { SSL_hostname => 'mx.example' });
  like('accepted', message($e, $s), qr/\A250 /);
  like('the log', logged($e, qr/ <= /), qr/\[198\.51\.100\.7\]:56324 P=esmtps X=\S+ (?:CV=\S+ )?PRX=/);
  return;
};

feature 'tls-resume', ['support TLS_resume'], sub {
  my $e = exim(main => tls_options() . "tls_advertise_hosts = *\ntls_resumption_hosts = 198.51.100.7\n");
  for ([GOOD, 1], [BAD, 0]) {
    my ($address, $want) = @$_;
    my $context = IO::Socket::SSL::SSL_Context->new(SSL_server => 0, SSL_verify_mode => 0, SSL_version => 'TLSv1_2', SSL_session_cache_size => 1);
    my $reused;
    for (1, 2) {
      my $s = client($e, $address);
      reply($s, 'STARTTLS');
      smtp_secure($s, SSL_reuse_ctx => $context, SSL_session_key => 'one');
      helo($s);
      $reused = $s->{socket}->get_session_reused ? 1 : 0;
      smtp_close($s);
    }
    is("$address: resumed", $reused, $want);
  }
  return;
};

# A response of our authority's, for the good client alone; openssl comes through a proxy.
feature 'ocsp', ['support OCSP'], sub {
  my $mx = certificate('mx.example');
  my $openssl = tool('openssl');
  run_quietly('serial', $openssl, qw(x509 -noout -serial -in), $mx->{cert});
  my ($serial) = contents(file('serial.out')) =~ /serial=(\w+)/ or die "no serial number\n";
  write_file(file('index'), "V\t491231235959Z\t\t$serial\tunknown\t/CN=mx.example\n");
  run_quietly('ocsp', $openssl, 'ocsp', '-index', file('index'), '-CA', $mx->{ca}, '-rsigner', $mx->{ca}, '-rkey', file('ca.key'),
    '-ndays', 2, '-issuer', $mx->{ca}, '-cert', $mx->{cert}, '-respout', file('ocsp.der'));
  my $e = exim(main => tls_options() . "tls_advertise_hosts = *\ntls_ocsp_file = \${if eq{\$sender_host_address}{198.51.100.7}{@{[file('ocsp.der')]}}{}}\n");
  for ([GOOD, qr/OCSP Response Status: successful.*Cert Status: good/s], [BAD, qr/OCSP response: no response sent/]) {
    my ($address, $want) = @$_;
    my $place = address(5) . ':' . port();
    my $pid = stub("relay-ocsp-$address", 'relay', $place, address(1), $e->{address}, $e->{port}, "PROXY TCP4 $address 203.0.113.25 56324 25");
    run_quietly('s_client', $openssl, qw(s_client -status -starttls smtp -tls1_2 -connect), $place, '-CAfile', $mx->{ca});
    like("$address: stapled", contents(file('s_client.out')), $want);
    stop($pid, 'TERM');
  }
  return;
};

# --- XCLIENT --------------------------------------------------------------------------

feature 'xclient', ['support Experimental_XCLIENT|XCLIENT'], sub {
  my $e = exim(main => "hosts_xclient = 198.51.100.7 : @{[address(1)]}\nacl_smtp_rcpt = rcpt\n", acl => <<'END');
rcpt:
  accept logwrite = <$sender_address> from $sender_host_address $sender_host_port proxy $proxy_host_address \
                    target <$proxy_target_address> local $proxy_local_address session $proxy_session
END
  my $proxy = address(1);
  # a gateway behind the proxy
  my $s = offered($e, 'XCLIENT');
  like('a gateway: XCLIENT', reply($s, 'XCLIENT ADDR=192.0.2.55 PORT=1234'), qr/\A220 /);
  accepted('a gateway: RCPT', $e, helo($s), 'gateway@example.net');
  like('a gateway: the variables', logged($e, qr/<gateway\@/),
    qr/> from 192\.0\.2\.55 1234 proxy \Q$proxy\E target <203\.0\.113\.25> local 198\.51\.100\.7 session yes$/);
  # the proxy itself, in a session that is nobody's else
  my $own = client($e, GOOD, header => "PROXY UNKNOWN\r\n");
  like('the proxy: offered', $own->{ehlo}, qr/^250.XCLIENT\b/m);
  like('the proxy: XCLIENT', reply($own, 'XCLIENT ADDR=192.0.2.56 PORT=1235'), qr/\A220 /);
  accepted('the proxy: RCPT', $e, helo($own), 'own@example.net');
  like('the proxy: the variables', logged($e, qr/<own\@/), qr/> from 192\.0\.2\.56 1235 proxy \Q$proxy\E target <> local \Q$proxy\E session yes$/);
  # a header alone is no permission
  my $bad = client($e, BAD);
  like('another client', reply($bad, 'XCLIENT ADDR=192.0.2.57 PORT=1236'), qr/\A5/);
  return;
};

# --- others ---------------------------------------------------------------------------

feature 'ipv6', ['support IPv6'], sub {
  my $e = exim(main => "host_reject_connection = <; 2001:db8:2::/48\n");
  like('accepted', message($e, '2001:db8:1::7'), qr/\A250 /);
  like('the log', logged($e, qr/ <= /), qr/\[2001:db8:1::7\]:56324 P=esmtp PRX=127/);
  like('rejected', smtp_reply(client($e, '2001:db8:2::7', banner => 1)), qr/\A554 /);
  return;
};

# Nothing but the kernel sees the mark: the control is reached for one client alone.
feature 'dscp', [], sub {
  my $e = exim(main => "acl_smtp_rcpt = rcpt\n", acl => <<'END');
rcpt:
  accept hosts = 198.51.100.7
         control = dscp/ef
         logwrite = marked for $sender_host_address
  accept logwrite = not marked for $sender_host_address
END
  accepted($_, $e, $_) for GOOD, BAD;
  like('good client', logged($e, qr/ marked for 198/), qr/ (?<!not )marked for 198\.51\.100\.7$/);
  like('bad client', logged($e, qr/ not marked/), qr/ for 198\.51\.100\.77$/);
  return;
};

1;
