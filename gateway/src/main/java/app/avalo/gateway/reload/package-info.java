/**
 * What is known of the last reload, for whoever shows it; the reloading itself is the composition
 * root's. Values only.
 */
@NullMarked
package app.avalo.gateway.reload;

import org.jspecify.annotations.NullMarked;
