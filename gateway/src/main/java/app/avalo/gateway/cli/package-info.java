/**
 * The command line: {@code run}, {@code demo}, {@code check}, {@code explain}, {@code schema},
 * {@code version}. Runs on the main thread, which may wait; everything else here hands over to
 * {@link app.avalo.gateway.run.Gateway}. The only code that writes to the terminal, and only to the
 * streams that picocli was given. A mistake of the caller is one line and an exit code, never a
 * stack trace. Start at {@link app.avalo.gateway.cli.Main}.
 */
@NullMarked
package app.avalo.gateway.cli;

import org.jspecify.annotations.NullMarked;
