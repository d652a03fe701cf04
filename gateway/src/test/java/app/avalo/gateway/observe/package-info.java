/** Tests of metrics and access log. */
@NullMarked
package app.avalo.gateway.observe;

import org.jspecify.annotations.NullMarked;
