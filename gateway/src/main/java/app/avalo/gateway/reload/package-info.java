/**
 * What changes while the gateway runs: the plan in force, the files it comes from, certificates.
 * Files are looked at on worker threads; the plan is swapped by one volatile write. Fails safe: a
 * bad file changes nothing and is told. Start at {@link app.avalo.gateway.reload.Reloader}.
 */
@NullMarked
package app.avalo.gateway.reload;

import org.jspecify.annotations.NullMarked;
