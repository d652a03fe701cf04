package app.avalo.gateway.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens for SIGHUP. The one use of reflection: {@code sun.misc.Signal} is the only way the
 * platform offers, and to name it is a compiler warning that cannot be suppressed. Where it is
 * missing, configuration is still reloaded by file change and admin API.
 */
final class Signals {
  private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

  private Signals() {}

  /** Runs a task, on a thread of the platform, at each SIGHUP. */
  static void onHangup(Runnable task) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      InvocationHandler calls =
          (self, method, arguments) ->
              switch (method.getName()) {
                case "handle" -> {
                  task.run();
                  yield null;
                }
                case "equals" -> self == arguments[0];
                case "hashCode" -> System.identityHashCode(self);
                default -> "reload";
              };
      Object adapter =
          Proxy.newProxyInstance(Signals.class.getClassLoader(), new Class<?>[] {handler}, calls);
      Object hangup = signal.getConstructor(String.class).newInstance("HUP");
      signal.getMethod("handle", signal, handler).invoke(null, hangup, adapter);
    } catch (ReflectiveOperationException | RuntimeException unavailable) {
      LOG.atInfo()
          .addKeyValue("reason", unavailable.toString())
          .log("SIGHUP is not available, the configuration is not reloaded by it");
    }
  }
}
