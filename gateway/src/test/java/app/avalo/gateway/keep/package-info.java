/** Tests of keepers at work. */
@NullMarked
package app.avalo.gateway.keep;

import org.jspecify.annotations.NullMarked;
