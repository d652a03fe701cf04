package app.avalo.gateway.filter.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who a client proved to be in the TLS handshake of its connection.
 *
 * @param subject distinguished name (RFC 2253)
 * @param names alternative names with their kind, such as {@code dns:device-7.avalo.app}
 * @param fingerprint SHA-256 of the certificate in lower-case hexadecimal
 * @param header value of {@code Client-Cert} (RFC 9440), or null if services are not to see it
 */
public record ClientCertificate(
    String subject, List<String> names, String fingerprint, @Nullable String header) {}
