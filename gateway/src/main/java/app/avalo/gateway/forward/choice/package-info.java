/**
 * Where an exchange goes next: the only place that sees preference, pin and health together. What
 * may be tried again, and who pays for it. Start at {@link
 * app.avalo.gateway.forward.choice.RegionChoice}.
 */
@NullMarked
package app.avalo.gateway.forward.choice;

import org.jspecify.annotations.NullMarked;
