package app.avalo.gateway.upstream;

import java.util.Map;

/**
 * Header or trailer fields as they came off the wire, in order. Names of HTTP/2 may begin with a
 * colon; whoever copies leaves those out.
 */
@FunctionalInterface
public interface Fields extends Iterable<Map.Entry<CharSequence, CharSequence>> {}
