package app.avalo.gateway.filter;

import java.util.ArrayList;
import java.util.List;

/**
 * Ends a server process with the one that started it, however that ends: the server's input is a
 * pipe whose other end the kernel closes. The process id is that of the server itself.
 */
public final class Tether {
  private static final String SCRIPT =
      "exec 3<&0; (cat <&3; kill -KILL $$) >/dev/null 2>&1 & exec 3<&-; exec \"$@\" </dev/null";

  private Tether() {}

  /** The command that runs this one so; its input must not be redirected. */
  public static List<String> tie(List<String> command) {
    List<String> tied = new ArrayList<>(List.of("/bin/sh", "-c", SCRIPT, "sh"));
    tied.addAll(command);
    return tied;
  }
}
